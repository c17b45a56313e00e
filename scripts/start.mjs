// npm start: the demo; npm start -- VERB …: the command line, with paths relative to the caller's folder.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
build();
const args = process.argv.slice(2);
const { status, signal } = spawnSync(
  process.execPath,
  [join(root, 'bin/agent-id.cjs'), ...(args.length === 0 ? ['demo'] : args)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, AGENT_ID_CALLER_CWD: process.env.INIT_CWD ?? process.cwd() },
  },
);
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);
