import type { Reached } from '../../audit/usage.ts';
import type { Io } from '../../lib/io.ts';
import { agentKeyFile, readStoredKey, type StoredKey } from '../../lib/keys.ts';
import { statePaths } from '../../lib/state.ts';
import type { Owner } from '../../model/consumer.ts';
import { printable } from '../../output/error.ts';
import { unusedLine } from '../../output/review-sheet.ts';
import { envelope } from '../../output/version.ts';
import {
  know,
  ownerOf,
  readCode,
  readUsage,
  toDrift,
  type Drift,
  type Known,
  type Usage,
} from './agent-view.ts';
import { openLock, openProvider, pick } from './locked-agent.ts';
import { storeNames } from './enroll-key.ts';
import { keyLine } from './machine-keys.ts';
import type { GlobalOptions } from './survey.ts';

export interface ShowOptions extends GlobalOptions {
  readonly format: 'text' | 'json';
  /** False with `--no-code`. */
  readonly code: boolean;
}

interface Shown {
  readonly agent: Known;
  readonly usage: Usage;
  readonly owner: Owner | undefined;
  readonly drift: Drift | undefined;
  /** This machine's key of it. */
  readonly here: StoredKey | undefined;
}

/** Shows all that is known of one agent: by the lock, by its provider, by the audit log and by today's code. */
export async function runShow(id: string, options: ShowOptions, io: Io): Promise<void> {
  const { lock, root } = await openLock(io);
  const locked = pick(lock, id);
  const agent = await know(id, locked, io);
  const adapter = agent.problem === null ? await openProvider(locked, io) : undefined;
  const usage = await readUsage(agent, io, adapter);
  const code = options.code ? await readCode(root, options, io) : undefined;
  const owner = code && ownerOf(locked, code);
  const drift = code && toDrift(agent, code);
  const here = await readStoredKey(agentKeyFile(statePaths(io.env), id), id);
  if (options.format === 'json') {
    const ownerEvidence = owner ?? null;
    const whole = { ...agent, keyHere: toKeyHere(here), ownerEvidence, usage, drift: drift ?? null };
    io.stdout(`${JSON.stringify({ ...envelope, agent: whole }, null, 2)}\n`);
    return;
  }
  for (const line of describe({ agent, usage, owner, drift, here })) io.stdout(`${printable(line)}\n`);
  if (options.code && drift === undefined)
    io.stderr('No code of it was found here: what it asks for today cannot be compared.\n');
  if (agent.problem !== null) io.stderr(`${agent.problem}\n`);
}

function toKeyHere(here: StoredKey | undefined): object | null {
  return here === undefined ? null : { thumbprint: here.key.kid, store: here.store };
}

function describe({ agent, usage, owner, drift, here }: Shown): readonly string[] {
  return [
    `agent       ${agent.id} (${agent.displayName})`,
    `status      ${agent.status}`,
    `owner       ${ownerLine(agent, owner)}`,
    `at          ${agent.idp} (${agent.issuer}) as ${agent.clientId}`,
    `acts        ${agent.flow}`,
    `last token  ${agent.lastTokenAt ?? 'never, or not known'}`,
    `last use    ${usage.lastUsed ?? 'never, as far as this machine and the provider know'}`,
    ...agent.keys.map((key) => `key         ${keyLine(key)}`),
    ...(here === undefined ? [] : [`here        ${here.key.kid}, held by ${storeNames[here.store]}`]),
    ...describeScopes(usage),
    ...agent.consumers.map(({ id, state }) => `used by     ${id} (${state})`),
    ...usage.reached.map(reachedLine),
    ...describeDrift(drift),
  ];
}

function ownerLine({ owner: locked }: Known, owner: Owner | undefined): string {
  if (owner === undefined || owner.who === null) return locked ?? 'unknown';
  const before = locked === null || locked === owner.who ? '' : `; the lock says ${locked}`;
  return `${owner.who} (${owner.evidence}${before})`;
}

function describeScopes(usage: Usage): readonly string[] {
  const { scopes } = usage;
  const uris = [...new Set(scopes.map(({ uri }) => uri))];
  return uris.flatMap((uri) => {
    const own = scopes.filter((one) => one.uri === uri);
    return [
      `reaches     ${own[0]?.key ?? uri} at ${uri}`,
      ...own.map(({ scope, evidence: [first], lastUsed }) => {
        const why = first === undefined ? 'no evidence' : `${first.path}:${first.line} ${first.call}`;
        return `  ${scope}  (${why})  ${lastUsed === null ? unusedLine(usage) : `used ${lastUsed}`}`;
      }),
    ];
  });
}

function reachedLine({ resource, onBehalfOf, scopes, tokens, calls, denied, last }: Reached): string {
  const whose = onBehalfOf === null ? 'as itself' : `on behalf of ${onBehalfOf}`;
  const counts = `${tokens} tokens, ${calls} calls, ${denied} denied`;
  return `reached     ${resource.displayName} ${whose}: ${scopes.join(' ') || '-'}  ${counts}, last ${last ?? 'never'}`;
}

function describeDrift(drift: Drift | undefined): readonly string[] {
  if (drift === undefined) return [];
  const lines = [
    ...drift.unused.map((scope) => `drift       ${scope} is registered, and no code here asks for it`),
    ...drift.missing.map(({ scope, evidence: [first] }) => {
      const where = first === undefined ? '' : ` (${first.path}:${first.line} ${first.call})`;
      return `drift       ${scope} is asked for by the code, and not registered${where}`;
    }),
    ...drift.unknown.map(({ path, line, why }) => `unknown     ${path}:${line} ${why}`),
  ];
  return lines.length === 0 ? ['drift       none: the code asks for what is registered'] : lines;
}
