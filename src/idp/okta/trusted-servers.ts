import type { AgentSpec } from '../../model/agent.ts';
import { isNote, type Policies } from './access.ts';
import type { OktaAdmin } from './admin.ts';
import { isOwnApi } from './own-api.ts';
import { serverOf, serverPath, type Server } from './servers.ts';

/** Whose users' tokens an agent exchanges: none where users sign in at the organisation, or the agent acts as itself. */
export function signInServer(
  { org, parts }: OktaAdmin,
  { actsFor }: Pick<AgentSpec, 'actsFor'>,
): string | undefined {
  const { loginIssuer } = parts.trust;
  return actsFor === 'user' ? loginIssuer?.slice(`${org}/oauth2/`.length) : undefined;
}

/** Lets a server of our making exchange tokens of users who signed in at another one. Safe to repeat. */
export async function ensureTrusted(admin: OktaAdmin, server: Server, signIn: string): Promise<void> {
  if (!isNote(server.description) || (await isTrusted(admin, server, signIn))) return;
  await admin.make({
    method: 'POST',
    path: `${serverPath(server)}/associatedServers`,
    scope: 'okta.authorizationServers.manage',
    body: { trusted: [signIn] },
    what: 'let an authorization server take tokens of the one that users sign in at',
  });
}

/** Says which servers of an agent take no tokens of a sign-in yet: those of our making, and those of others. */
export async function readUntrusted(
  admin: OktaAdmin,
  spec: AgentSpec,
  policies: readonly Policies[],
): Promise<{ readonly ours: readonly string[]; readonly others: readonly string[] }> {
  const signIn = signInServer(admin, spec);
  const [ours, others]: [string[], string[]] = [[], []];
  if (signIn === undefined) return { ours, others };
  const servers = policies.map(({ server }) => server);
  for (const { uri } of spec.grants.filter((grant) => !isOwnApi(admin, grant.uri))) {
    const server = serverOf(servers, uri);
    if (server === undefined || (await isTrusted(admin, server, signIn))) continue;
    if (isNote(server.description)) ours.push(`${uri}: takes the tokens of users' sign-in`);
    else others.push(byHand(uri));
  }
  return { ours, others };
}

function byHand(uri: string): string {
  return `${uri}: left to a person: Admin Console > Security > API > Authorization Servers > its server > Trusted servers > the one that users sign in at`;
}

async function isTrusted(admin: OktaAdmin, server: Server, signIn: string): Promise<boolean> {
  if (server.id === signIn) return true;
  const found = await admin.list({
    path: `${serverPath(server)}/associatedServers?trusted=true`,
    scope: 'okta.authorizationServers.read',
    what: 'list whose tokens an authorization server takes',
  });
  return found.some(({ id }) => id === signIn);
}
