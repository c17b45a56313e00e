import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AgentIdError } from '../model/error.ts';

/** Where this user's state lies: trust, keys, sessions, audit log, journals. Never in a repository. */
export interface StatePaths {
  readonly home: string;
  /** Trusted identity providers, one JSON file each. */
  readonly idp: string;
  /** Private keys and sessions, 0600 each. */
  readonly keys: string;
  readonly audit: string;
  /** Transactions of migrations, one folder per repository. */
  readonly tx: string;
  /** What only saves time: may be deleted at any moment. */
  readonly cache: string;
}

/** Finds the state folder: `AGENT_ID_HOME`, else the platform's place. Makes nothing. Throws `no-home`. */
export function statePaths(env: NodeJS.ProcessEnv = process.env): StatePaths {
  const home = env['AGENT_ID_HOME'] ?? platformHome(env);
  if (!isAbsolute(home)) {
    throw new AgentIdError('no-home', 'there is no folder for state', {
      where: `AGENT_ID_HOME=${home}`,
      hint: 'Set AGENT_ID_HOME to an absolute path.',
    });
  }
  return {
    home,
    idp: join(home, 'idp'),
    keys: join(home, 'keys'),
    audit: env['AGENT_ID_AUDIT'] ?? join(home, 'audit'),
    tx: join(home, 'tx'),
    cache: join(home, 'cache'),
  };
}

function platformHome(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') {
    return env['LOCALAPPDATA'] === undefined ? '' : join(env['LOCALAPPDATA'], 'agent-id');
  }
  const home = env['HOME'] ?? homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'agent-id');
  return join(env['XDG_STATE_HOME'] ?? join(home, '.local', 'state'), 'agent-id');
}
