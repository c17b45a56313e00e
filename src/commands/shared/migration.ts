import { basename } from 'node:path';
import { adapterFor } from '../../idp/index.ts';
import { chosenIdp } from '../../idp/trust.ts';
import type { IdpAdapter } from '../../idp/types.ts';
import { appendAudit } from '../../audit/log.ts';
import { readAudit } from '../../audit/read.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { configName, newConfigText, newSalt } from '../../lib/config.ts';
import { readTextIfThere } from '../../lib/files.ts';
import { shippedPath } from '../../lib/shipped.ts';
import type { Io } from '../../lib/io.ts';
import { deleteAgentKey, readAgentKey } from '../../lib/keys.ts';
import { statePaths, type StatePaths } from '../../lib/state.ts';
import type { Effects } from '../../migrate/apply.ts';
import { newTransactionId, prepareMigration, type Prepared } from '../../migrate/prepare.ts';
import type { AuditAction } from '../../model/audit-entry.ts';
import type { Consumer, MappedSecret } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { openTexts } from '../../sources/memory.ts';
import { scanSource } from '../../survey/scan-tree.ts';
import { chooseSecrets } from './choose.ts';
import { makeKey } from './enroll-key.ts';
import { isNamed, type Named } from './named-paths.ts';
import { nearest } from './suggest.ts';
import { openEyes, surveyFolder, type Eyes, type GlobalOptions, type Surveyed } from './survey.ts';

export interface MigrationFlags extends GlobalOptions {
  readonly idp?: string;
  readonly secret?: string;
  readonly only?: readonly string[];
  readonly scopes?: readonly string[];
  readonly handle?: readonly string[];
}

/** Everything that plan, migrate and retire look at. */
export interface Scene extends Surveyed {
  readonly root: string;
  /** Paths that were named; none means the whole. */
  readonly parts: readonly string[];
  readonly eyes: Eyes;
  readonly state: StatePaths;
}

/** Scans and maps a repository, also where only parts of it were named: who else reads a secret counts. */
export async function openScene({ root, parts }: Named, flags: GlobalOptions, io: Io): Promise<Scene> {
  const eyes = withSalt(await openEyes(root, flags, io));
  return { root, parts, eyes, state: statePaths(io.env), ...(await surveyFolder(eyes, 10_000_000)) };
}

/** Without a salt a migration makes one, so that the lock's fingerprints are this repository's own. */
function withSalt(eyes: Eyes): Eyes {
  if (!eyes.unkeyed) return eyes;
  const salt = newSalt();
  return { ...eyes, key: salt, config: { ...eyes.config, salt } };
}

/**
 * Opens the trusted provider that is named, else that of `AGENT_ID_ISSUER`, else the only one. Throws
 * `untrusted-issuer` before any request.
 */
export async function openIdp(name: string | null | undefined, io: Io): Promise<IdpAdapter> {
  const paths = statePaths(io.env);
  const trust = await chosenIdp(paths, name ?? undefined, io.env['AGENT_ID_ISSUER']);
  return adapterFor(trust, { paths, clock: io.clock });
}

/** Works out the whole migration; writes nothing. */
export async function prepare(scene: Scene, adapter: IdpAdapter, flags: MigrationFlags): Promise<Prepared> {
  const chosen = chooseSecrets(scene.map.secrets, flags.secret);
  const chosenScopes = pairs(flags.scopes, '--scopes');
  // A person who names scopes knows what is reached, where the code does not say so.
  const isReached = ({ reaches, consumers }: MappedSecret): boolean =>
    reaches.length > 0 || consumers.some(({ name }) => name in chosenScopes);
  return prepareMigration({
    root: scene.root,
    secrets:
      flags.secret === undefined
        ? chosen.filter((secret) => secret.consumers.length > 0 && isReached(secret))
        : chosen,
    lock: scene.lock,
    adapter,
    only: namedAgents(scene, flags),
    handles: pairs(
      flags.handle,
      '--handle',
      (key) => chooseSecrets(scene.map.secrets, key)[0]?.secret ?? key,
    ),
    context: {
      id: newTransactionId(),
      salt: scene.eyes.key,
      resources: adapter.trust.resources,
      chosenScopes: Object.fromEntries(
        Object.entries(chosenScopes).map(([agent, scopes]) => [agent, scopes.split(',')]),
      ),
      displayNames: scene.eyes.config.displayNames,
      owners: scene.eyes.config.owners,
    },
    platformIssuer: adapter.trustPlatform === undefined ? undefined : adapter.trust.issuer,
    paths: scene.paths,
    configFiles: scene.paths.filter(
      (path) =>
        /(^|\/)\.env|\.(ya?ml|json|toml|ini|properties)$|(^|\/)crontab/.test(path) &&
        basename(path) !== 'package-lock.json',
    ),
    helperSource: readHelper,
    extraFiles: scene.eyes.unkeyed
      ? [
          {
            path: configName,
            text: newConfigText(scene.eyes.config.salt ?? ''),
            why: 'settings, with the salt of this repository',
          },
        ]
      : [],
    rescan: (texts, moved) => findLeft(texts, scene, moved),
  });
}

/** Gives the names of the agents to migrate: those that lie in what was named, and that were asked for; undefined where all are. */
export function namedAgents({ map, parts }: Scene, { only }: MigrationFlags): readonly string[] | undefined {
  const consumers = map.secrets.flatMap((secret) => secret.consumers);
  const unknown = only?.find((name) => consumers.every((consumer) => consumer.name !== name));
  if (unknown !== undefined) throw noSuchAgent(unknown, consumers);
  if (parts.length === 0) return only;
  const there = consumers.filter((consumer) => isNamed(consumer, parts)).map(({ name }) => name);
  return there.filter((name) => only === undefined || only.includes(name));
}

function noSuchAgent(written: string, consumers: readonly Consumer[]): AgentIdError {
  const names = [...new Set(consumers.map(({ name }) => name))];
  const meant = nearest(written, names);
  return new AgentIdError('unknown-name', 'no consumer has this name', {
    where: written,
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}There is: ${names.slice(0, 8).join(', ') || 'none'}.`,
  });
}

/** Names rewritten files that would still hold one of the secrets. */
async function findLeft(
  texts: ReadonlyMap<string, string>,
  scene: Scene,
  secrets: readonly MappedSecret[],
): Promise<readonly string[]> {
  const { findings } = await scanSource(openTexts(texts, 'tree'), scene.eyes);
  return findings
    .filter(
      (finding) =>
        finding.kind === 'literal' &&
        finding.confidence !== 'low' &&
        secrets.some((one) => one.secret === finding.secret || one.names.includes(finding.name ?? '')),
    )
    .map((finding) => `${finding.location.path}:${finding.location.startLine}`);
}

async function readHelper(name: string): Promise<string> {
  return (await readTextIfThere(shippedPath(`helpers/${name}`))) ?? '';
}

function pairs(
  values: readonly string[] | undefined,
  flag: string,
  toKey: (key: string) => string = (key) => key,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const value of values ?? []) {
    const at = value.lastIndexOf('=');
    if (at < 1 || at === value.length - 1)
      throw new AgentIdError('usage', `${flag} takes NAME=VALUE`, { where: flag });
    found[toKey(value.slice(0, at))] = value.slice(at + 1);
  }
  return found;
}

/** What a transaction does its effects through, on this machine. */
export function toEffects(adapter: IdpAdapter, io: Io): Effects {
  const state = statePaths(io.env);
  return {
    adapter,
    keys: {
      find: async (agent) => (await readAgentKey(state, agent)) ?? undefined,
      create: async (agent) => {
        const ready = await makeKey(agent, adapter.capabilities.keyKind, { signer: [] }, io);
        await ready.keep();
        return ready.key;
      },
      remove: (agent) => deleteAgentKey(state, agent),
    },
    checkpoint: () => Promise.resolve(),
  };
}

/** When an agent last got a token by this machine's log. */
export async function lastExchange(state: StatePaths, agent: string): Promise<number | undefined> {
  const entries = await readAudit(state, { agent });
  const last = entries.findLast((entry) => entry.action === 'exchange' && entry.result === 'ok');
  return last === undefined ? undefined : fromTimestamp(last.time);
}

export interface Deed {
  readonly action: AuditAction;
  readonly agent: { readonly id: string; readonly displayName: string; readonly clientId: string } | null;
  readonly operation: string;
  readonly adapter: IdpAdapter;
}

/** Writes one entry about something that a person did with agent-id. */
export async function note(
  { action, agent, operation, adapter }: Deed,
  state: StatePaths,
  io: Io,
): Promise<void> {
  const { issuer, name } = adapter.trust;
  await appendAudit(state, {
    action,
    time: toTimestamp(io.clock()),
    agent,
    user: null,
    asItself: false,
    resource: { uri: issuer, displayName: name },
    operation,
    scopes: [],
    result: 'ok',
    reason: null,
    jti: null,
  });
}
