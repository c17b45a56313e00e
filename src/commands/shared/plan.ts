import { resolve } from 'node:path';
import { writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import type { Plan } from '../../model/plan.ts';
import { renderPlan } from '../../output/plan-text.ts';
import { envelope } from '../../output/version.ts';
import { namedParts } from './named-paths.ts';
import { openIdp, openScene, prepare, type MigrationFlags } from './migration.ts';

export interface PlanFlags extends MigrationFlags {
  readonly out?: string;
  readonly format: 'text' | 'json';
}

/** Plans and prints; exits with 1 when there is something to do, also by hand. */
export async function runPlan(paths: readonly string[], flags: PlanFlags, io: Io): Promise<void> {
  const scene = await openScene(await namedParts(paths, io), flags, io);
  const adapter = await openIdp(flags.idp ?? scene.eyes.config.idp, io);
  const { plan } = await prepare(scene, adapter, flags);
  if (flags.out !== undefined) await writeWhole(resolve(io.cwd, flags.out), toPlanJson(plan), 0o644);
  io.stdout(flags.format === 'json' ? toPlanJson(plan) : renderPlan(plan));
  if (plan.agents.length > 0 || plan.manual.length > 0) io.exitCode = 1;
}

export function toPlanJson(plan: Plan): string {
  return `${JSON.stringify({ ...envelope, plan }, null, 2)}\n`;
}
