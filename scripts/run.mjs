#!/usr/bin/env node
// The command line from a clone of a tag, in the caller's folder: what pre-commit and the GitHub Action run. The first
// time it installs and builds, since dist is not committed; npm's own install from git fails to, where it is global.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

install();
build();
const { AGENT_ID_CALLER_CWD: _elsewhere, ...env } = process.env;
const { status, signal } = spawnSync(
  process.execPath,
  [join(root, 'bin/agent-id.cjs'), ...process.argv.slice(2)],
  { stdio: 'inherit', env },
);
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 2);
