import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, type Ran, type RunOptions } from './processes.ts';

/** The real program, as a person would call it, in this demo's own state folder. */
export interface Cli {
  readonly env: NodeJS.ProcessEnv;
  /** Runs `agent-id ARGS` in the estate. */
  readonly run: (args: readonly string[], options?: Partial<RunOptions>) => Promise<Ran>;
}

/** Makes `agent-id` a command on the PATH of this demo only, with a home and a state folder of its own. */
export function openCli(program: string, folder: string, root: string): Cli {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(program, join(bin, 'agent-id'));
  chmodSync(program, 0o755);
  const { PATH = '', LANG, GOCACHE, GOPATH, GOFLAGS, HOME, SystemRoot } = process.env;
  const env: NodeJS.ProcessEnv = {
    PATH: [bin, PATH].join(delimiter),
    HOME: join(folder, 'home'),
    AGENT_ID_HOME: join(folder, 'state'),
    // Go keeps what it has compiled already; without it each demo would compile net/http again.
    GOCACHE: GOCACHE ?? join(HOME ?? folder, '.cache', 'go-build'),
    GOTOOLCHAIN: 'local',
    GOPROXY: 'off',
    ...(LANG === undefined ? {} : { LANG }),
    ...(GOPATH === undefined ? {} : { GOPATH }),
    ...(GOFLAGS === undefined ? {} : { GOFLAGS }),
    ...(SystemRoot === undefined ? {} : { SystemRoot }),
  };
  mkdirSync(join(folder, 'home'), { recursive: true });
  return {
    env,
    run: (args, options) => run(process.execPath, [program, ...args], { cwd: root, env, ...options }),
  };
}
