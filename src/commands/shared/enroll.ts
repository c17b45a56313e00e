import { askWhether } from './ask.ts';
import { adapterFor } from '../../idp/index.ts';
import { chosenIdp, trustedByIssuer } from '../../idp/trust.ts';
import type { Enrollment, IdpAdapter, PlatformTrust } from '../../idp/types.ts';
import { appendAudit } from '../../audit/log.ts';
import type { ReadyKey } from '../../helper/custody.ts';
import { enrollWithApproval, enrollWithCode } from '../../helper/enroll.ts';
import { readLocked } from '../../helper/locked.ts';
import { trustForAgent } from '../../helper/trust.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { assertSecure, createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import type { KeyKind } from '../../lib/keys.ts';
import { statePaths } from '../../lib/state.ts';
import type { LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { Secret } from '../../model/secret.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';
import { makeKey, storeNames, type KeyOptions } from './enroll-key.ts';

export interface EnrollOptions extends KeyOptions {
  readonly name?: string;
  readonly ci?: string;
  readonly claim: readonly string[];
  readonly device?: boolean;
  readonly codeStdin?: boolean;
  readonly format: 'text' | 'json';
}

/** Makes a key here and registers its public half, or lets the jobs of a platform be the agent. */
export async function runEnroll(id: string, options: EnrollOptions, io: Io): Promise<void> {
  const locked = await readLocked(id, io.cwd);
  if (options.ci === undefined) await enrollHere({ id, locked }, options, io);
  else await enrollJobs({ id, locked }, toPlatform(options.ci, options.claim), options, io);
}

interface Whom {
  readonly id: string;
  readonly locked: LockedAgent;
}

async function enrollHere(whom: Whom, options: EnrollOptions, io: Io): Promise<void> {
  const name = await toName(options);
  const ready = await makeKey(whom.id, await keyKind(whom.locked, options, io), options, io);
  try {
    await audited(whom, io, () => letIn(whom, { ready, name }, options, io));
  } catch (error) {
    // A key that nobody knows would only hide that the machine is not enrolled.
    await ready.drop();
    throw error;
  }
  await ready.keep();
  const { key, store, created, replaces } = ready;
  if (options.format === 'json') {
    const replaced = replaces?.key.kid ?? null;
    print(io, { agent: whom.id, thumbprint: key.kid, name, created, store, replaced });
    return;
  }
  io.stdout(`${key.kid}\n`);
  io.stderr(
    `${whom.id} has a ${created ? 'new' : 'known'} key on this machine (${name}), held by ${storeNames[store]}, and the provider knows its public half.\n`,
  );
  if (replaces !== undefined)
    io.stderr(
      `The old one is good there until: agent-id agents remove ${whom.id} --key ${replaces.key.kid}\n`,
    );
}

/**
 * Whoever waits for an approval has no rights to ask: what lets machines in so takes P-256. Throws `untrusted-issuer`,
 * before there is a key.
 */
async function keyKind(locked: LockedAgent, options: EnrollOptions, io: Io): Promise<KeyKind | undefined> {
  if (options.device === true || options.codeStdin === true) {
    await trustForAgent(locked, statePaths(io.env), io.env);
    return undefined;
  }
  return (await open(locked, io)).capabilities.keyKind;
}

interface Machine {
  readonly ready: ReadyKey;
  readonly name: string;
}

/** By the administrator's own rights, where this user has them; else by a code or by an administrator's approval. */
async function letIn(
  { locked }: Whom,
  { ready: { key, signer }, name }: Machine,
  options: EnrollOptions,
  io: Io,
): Promise<void> {
  if (options.device !== true && options.codeStdin !== true) {
    await (await open(locked, io)).addKey(locked.clientId, key, name);
    return;
  }
  if (options.device === true && options.codeStdin === true)
    throw new AgentIdError('usage', '--device and --code-stdin exclude each other');
  const state = statePaths(io.env);
  const { issuer } = await trustForAgent(locked, state, io.env);
  const http = createHttp({ clock: io.clock });
  const newcomer = { http, clock: io.clock, issuer, clientId: locked.clientId, signer, key, name };
  if (options.codeStdin === true) await enrollWithCode(newcomer, toCode(await io.stdin()));
  else
    await enrollWithApproval(newcomer, (code) =>
      io.stderr(
        `Where the administrator works, within ten minutes: agent-id agents approve ${code}\nand compare this machine's key: ${key.kid}\n`,
      ),
    );
}

function toCode(text: string): Secret {
  const code = text.trim().toUpperCase();
  if (/^[A-Z]{4}(-[A-Z]{4}){4}$/.test(code)) return new Secret(code);
  throw new AgentIdError('usage', 'standard input holds no one-time code', {
    hint: 'It is what agent-id agents code A prints: five groups of four letters.',
  });
}

/** Makes a one-time code. It is shown once, here; the provider keeps its hash only. */
export async function runCode(id: string, { format }: Pick<EnrollOptions, 'format'>, io: Io): Promise<void> {
  const locked = await readLocked(id, io.cwd);
  const { code, expiresInSeconds } = await enrollmentOf(await open(locked, io)).makeCode(locked.clientId);
  if (format === 'json') {
    print(io, { agent: id, code: code.open(), expiresInSeconds });
    return;
  }
  io.stdout(`${code.open()}\n`);
  io.stderr(
    `Good once, for ${expiresInSeconds / 60} minutes, for ${printable(locked.displayName)}. On the other machine: agent-id agents enroll ${id} --code-stdin\n`,
  );
}

export interface ApproveOptions {
  readonly idp?: string;
  readonly yes?: boolean;
  readonly deny?: boolean;
  readonly format: 'text' | 'json';
}

/** Shows which machine waits behind a code, asks, and lets it in or turns it away. */
export async function runApprove(code: string, options: ApproveOptions, io: Io): Promise<void> {
  const paths = statePaths(io.env);
  const trust = await chosenIdp(paths, options.idp, io.env['AGENT_ID_ISSUER']);
  const enrollment = enrollmentOf(await adapterFor(trust, { paths, clock: io.clock }));
  const { displayName, name, thumbprint, clientId } = await enrollment.waiting(code);
  const what = `${printable(name)} wants to be ${printable(displayName)}, with the key ${printable(thumbprint)}`;
  io.stderr(`${what}.\n`);
  const approve = options.deny !== true && (options.yes === true || (await ask(io)));
  await enrollment.decide(code, approve);
  const status = approve ? 'approved' : 'denied';
  if (options.format === 'json') print(io, { clientId, name, thumbprint, status });
  else io.stderr(approve ? 'It is let in.\n' : 'It is turned away.\n');
  if (!approve && options.deny !== true) io.exitCode = 1;
}

async function ask(io: Io): Promise<boolean> {
  if (!io.interactive)
    throw new AgentIdError('not-interactive', 'a machine must be approved by a person', {
      hint: 'Compare its key with what that machine shows, then add --yes, or --deny.',
    });
  return askWhether('Does that machine show the same key? Let it in?');
}

function enrollmentOf({ enrollment, trust }: IdpAdapter): Enrollment {
  if (enrollment !== undefined) return enrollment;
  throw new AgentIdError('unsupported', `${trust.name} lets in no machine by a code`, {
    where: trust.issuer,
    hint: 'Enroll where its administrator works: agent-id agents enroll A --name MACHINE',
  });
}

async function enrollJobs(
  whom: Whom,
  platform: PlatformTrust,
  options: EnrollOptions,
  io: Io,
): Promise<void> {
  const claims = Object.entries(platform.claims).map(([name, value]) => `${name}=${value}`);
  const adapter = await open(whom.locked, io);
  await audited(whom, io, async () => {
    if (adapter.trustPlatform === undefined) throw byHand(adapter, whom, [platform.issuer, ...claims]);
    await adapter.trustPlatform(whom.locked.clientId, platform);
  });
  if (options.format === 'json') print(io, { agent: whom.id, platform });
  else
    io.stderr(
      `Jobs of ${printable(platform.issuer)} with ${printable(claims.join(', '))} are ${whom.id}: no key lies there.\n`,
    );
}

/** The standards know no way to register it: what stands here is what an administrator must enter. */
function byHand(adapter: IdpAdapter, { locked }: Whom, conditions: readonly string[]): AgentIdError {
  return new AgentIdError('unsupported', `${adapter.trust.name} has no interface for the identity of jobs`, {
    where: adapter.trust.issuer,
    hint: `Let its administrator accept, for the client ${locked.clientId}, assertions of ${conditions.join(', ')} (RFC 7523 section 2.2). The job then needs no key.`,
  });
}

/** Without an immutable claim a repository of the same name, made later by somebody else, would be the agent. */
function toPlatform(issuer: string, pairs: readonly string[]): PlatformTrust {
  assertSecure(issuer);
  const claims = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1 || at === pair.length - 1) throw new AgentIdError('usage', '--claim takes NAME=VALUE');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  if (Object.keys(claims).some((name) => name === 'sub' || name.endsWith('_id'))) return { issuer, claims };
  throw new AgentIdError('usage', '--ci needs a claim that nobody else can have: sub, or an id', {
    hint: 'GitHub: --claim repository_id=N --claim ref=refs/heads/main. GitLab: --claim project_id=N --claim ref_protected=true.',
  });
}

async function open(locked: LockedAgent, io: Io): Promise<IdpAdapter> {
  const paths = statePaths(io.env);
  return adapterFor(await trustedByIssuer(paths, locked.issuer), { paths, clock: io.clock });
}

async function audited({ id, locked }: Whom, io: Io, task: () => Promise<unknown>): Promise<void> {
  const note = async (result: 'ok' | 'failed', reason: string | null): Promise<void> => {
    await appendAudit(statePaths(io.env), {
      action: 'enroll',
      time: toTimestamp(io.clock()),
      agent: { id, displayName: locked.displayName, clientId: locked.clientId },
      user: null,
      asItself: false,
      resource: null,
      operation: 'agents enroll',
      scopes: [],
      result,
      reason,
      jti: null,
    });
  };
  try {
    await task();
  } catch (error) {
    await note('failed', error instanceof AgentIdError ? error.code : 'internal');
    throw error;
  }
  await note('ok', null);
}

async function toName({ name }: EnrollOptions): Promise<string> {
  if (name === undefined) return (await import('node:os')).hostname();
  if (/^[\w .:@-]{1,100}$/.test(name)) return name;
  throw new AgentIdError('usage', '--name takes letters, digits, spaces and . : @ _ -');
}

function print(io: Io, data: object): void {
  io.stdout(`${JSON.stringify({ ...envelope, ...data }, null, 2)}\n`);
}
