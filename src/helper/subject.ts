import { isAbsolute } from 'node:path';
import type { TrustedIdp } from '../idp/types.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { StatePaths } from '../lib/state.ts';
import type { LockedAgent } from '../model/agent.ts';
import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import { readSessionToken, type Outside } from './session.ts';
import { tokenServerOf } from './token-server.ts';

/** For which agent a subject token is. */
interface Whose {
  readonly trust: TrustedIdp;
  readonly paths: Pick<StatePaths, 'keys'>;
  readonly locked: LockedAgent;
}

/**
 * Gives the subject token for a resource (key or URI) where no request brought one: the file that `AGENT_ID_SUBJECT_TOKEN_FILE` names, else the
 * session of `login`. Throws `not-signed-in`, `usage`, `unreadable`.
 */
export async function readDefaultSubject(
  opened: Whose,
  resource: string,
  { env, ...outside }: Outside & { readonly env: NodeJS.ProcessEnv },
): Promise<Secret> {
  const file = env['AGENT_ID_SUBJECT_TOKEN_FILE'];
  if (file === undefined || file === '') return sessionSubject(opened, resource, outside);
  if (!isAbsolute(file)) {
    // It is not repeated: some put the token itself there.
    throw new AgentIdError('usage', 'AGENT_ID_SUBJECT_TOKEN_FILE must be an absolute path');
  }
  const text = await readTextIfThere(file);
  if (text === undefined) {
    throw new AgentIdError('unreadable', 'the file with the user’s token is not there', {
      where: 'AGENT_ID_SUBJECT_TOKEN_FILE',
    });
  }
  return parseSubject(text);
}

async function sessionSubject(
  { trust, paths, locked }: Whose,
  resource: string,
  outside: Outside,
): Promise<Secret> {
  const { accessToken, idToken } = await readSessionToken(trust, paths, outside);
  const wanted = trust.resources.find(({ key, uri }) => key === resource || uri === resource);
  if (wanted === undefined || !tokenServerOf(trust, locked, wanted).idToken) return accessToken;
  if (idToken !== undefined) return idToken;
  throw new AgentIdError('not-signed-in', `${wanted.displayName} needs the ID token of a sign-in`, {
    hint: `Run: agent-id login --idp ${trust.name}`,
  });
}

/** Takes a subject token from a file or a stream, with or without `Bearer`. Throws `not-signed-in` for an empty one. */
export function parseSubject(text: string): Secret {
  const token = text.trim().replace(/^Bearer +/i, '');
  if (token === '') {
    throw new AgentIdError('not-signed-in', 'there is no user’s token', {
      hint: 'Pass the bearer token of the user who asked, or run: agent-id login',
    });
  }
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return new Secret(token);
  throw new AgentIdError('usage', 'what was given as the user’s token is not one');
}
