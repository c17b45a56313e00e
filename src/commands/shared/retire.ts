import { askWhether } from './ask.ts';
import { join } from 'node:path';
import { unresolvedFor } from '../../inventory/index.ts';
import { parseDuration } from '../../lib/clock.ts';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import { lockName, renderLock } from '../../lib/lock-file.ts';
import type { LockedSecret } from '../../model/agent.ts';
import {
  judgeMoved,
  judgeQuiet,
  judgeRetirement,
  readOldUse,
  revokeOldSecret,
  withRetired,
} from '../../migrate/retire.ts';
import { AgentIdError } from '../../model/error.ts';
import { printable } from '../../output/error.ts';
import { envelope } from '../../output/version.ts';
import { note, openIdp, openScene } from './migration.ts';
import { namedParts } from './named-paths.ts';
import { freshStatuses, settle } from './status.ts';
import type { GlobalOptions } from './survey.ts';

export interface RetireFlags extends GlobalOptions {
  readonly yes?: boolean;
  readonly quietFor?: string;
  readonly quiet?: boolean;
  readonly format: 'text' | 'json';
}

/** Judges, asks, revokes by the bound id, and records it. */
export async function runRetire(wanted: string, flags: RetireFlags, io: Io): Promise<void> {
  const quietMs = toQuiet(flags.quietFor);
  const scene = await openScene(await namedParts([], io), flags, io);
  const { lock, statuses } = await freshStatuses(scene.root, io);
  const [secret, locked] = pick(lock.secrets, wanted);
  const mapped = scene.map.secrets.filter((one) => one.names.some((name) => locked.names.includes(name)));
  const open = [...mapped, { secret, provider: locked.provider }].flatMap((one) =>
    unresolvedFor(one, scene.map.unresolved),
  );
  const idp = Object.values(lock.agents).find((agent) =>
    agent.consumers.some((one) => one.secret === secret),
  )?.idp;
  const adapter = await openIdp(idp, io);
  const use = await readOldUse(locked, adapter);
  const own = statuses.filter((status) => status.secret === secret);
  const blockers = [
    ...judgeRetirement(secret, locked, { statuses, mapped, unresolved: [...new Set(open)] }).blockers,
    ...(quietMs === null ? judgeMoved(use, own) : judgeQuiet(use, quietMs, io.clock())),
  ];
  if (blockers.length > 0) {
    refuse(blockers, flags, io);
    return;
  }
  const rule = scene.eyes.ruleList.find((one) => one.id === locked.rule);
  if (!(await confirm(locked, flags, io))) {
    io.stderr('Nothing was revoked: you answered no.\n');
    return;
  }
  await revokeOldSecret(locked, adapter);
  const retired = withRetired(lock, secret);
  await writeWhole(join(scene.root, lockName), renderLock(retired), 0o644);
  await settle(scene.root, retired, io);
  await note(
    { action: 'retire', agent: null, operation: `retire ${locked.names[0] ?? secret}`, adapter },
    scene.state,
    io,
  );
  const byHand = locked.handle === null;
  if (flags.format === 'json')
    io.stdout(`${JSON.stringify({ ...envelope, secret, retired: !byHand, handle: locked.handle })}\n`);
  else if (byHand)
    io.stdout(
      `Nothing uses ${locked.names.join(', ')} any more. Revoke it by hand: ${rule?.revoke ?? 'at its provider'}\n`,
    );
  else
    io.stdout(
      `${locked.names.join(', ')} is revoked at the provider (id ${locked.handle}). It still stands in git history; it is worth nothing now.\n`,
    );
}

function toQuiet(text: string | undefined): number | null {
  if (text === undefined) return null;
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  throw new AgentIdError('usage', '--quiet-for takes a duration such as 90m, 24h or 7d');
}

function pick(
  secrets: Readonly<Record<string, LockedSecret>>,
  wanted: string,
): readonly [string, LockedSecret] {
  const prefix = /^secret:([0-9a-f]{6,32})$/.exec(wanted)?.[1];
  const found = Object.entries(secrets).filter(([id, one]) =>
    prefix === undefined ? one.names.includes(wanted) : id.startsWith(prefix),
  );
  const [first, ...more] = found;
  if (first === undefined)
    throw new AgentIdError('unknown-name', 'no migrated secret has this name', {
      where: wanted,
      hint: 'agent-id map lists what is known; migrate it first.',
    });
  if (more.length > 0)
    throw new AgentIdError('ambiguous', 'that names more than one secret', {
      where: wanted,
      hint: found.map(([id]) => `secret:${id.slice(0, 8)}`).join(', '),
    });
  return first;
}

function refuse(blockers: readonly string[], flags: RetireFlags, io: Io): void {
  io.exitCode = 1;
  if (flags.format === 'json') io.stdout(`${JSON.stringify({ ...envelope, retired: false, blockers })}\n`);
  else io.stdout(`Not yet:\n${blockers.map((blocker) => `  ${printable(blocker)}\n`).join('')}`);
}

async function confirm(locked: LockedSecret, flags: RetireFlags, io: Io): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!io.interactive)
    throw new AgentIdError('not-interactive', 'retiring must be confirmed', { hint: 'Add --yes.' });
  return askWhether(
    `Revoke ${locked.names.join(', ')} (${locked.handle ?? 'by hand'})? This cannot be undone.`,
  );
}
