import { askWhether } from './ask.ts';
import { resolve } from 'node:path';
import type { IdpAdapter } from '../../idp/types.ts';
import { changedPaths, findWorkTree, runGit, saidByGit } from '../../lib/git.ts';
import type { Io } from '../../lib/io.ts';
import { assertCommittable } from '../../lib/git-write.ts';
import { withLock } from '../../lib/lock.ts';
import { makePrivateFolder, readJsonIfThere } from '../../lib/files.ts';
import { toLineStarts } from '../../lib/text.ts';
import { statePaths } from '../../lib/state.ts';
import { applyTransaction } from '../../migrate/apply.ts';
import type { ChangedText, Prepared } from '../../migrate/prepare.ts';
import { commitTransaction, type Committed } from '../../migrate/commit.ts';
import { rollbackTransaction } from '../../migrate/rollback.ts';
import {
  beginTransaction,
  interruptedTransaction,
  stateOf,
  type Transaction,
} from '../../migrate/transaction.ts';
import { withProbes } from '../../migrate/status.ts';
import { writeLockWithin } from '../../migrate/lock-write.ts';
import { readLock } from '../../lib/lock-file.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Plan, PlannedAgent } from '../../model/plan.ts';
import { renderDiff } from '../../output/diff.ts';
import { printable } from '../../output/error.ts';
import { count } from '../../output/report.ts';
import { renderPlan } from '../../output/plan-text.ts';
import { interview } from './interview.ts';
import {
  note,
  openIdp,
  openScene,
  prepare,
  toEffects,
  type MigrationFlags,
  type Scene,
} from './migration.ts';
import { toPlanJson } from './plan.ts';
import { namedParts } from './named-paths.ts';
import { proveAgents } from './prove.ts';
import { recover, sayOrphans } from './recover.ts';
import { runStatus } from './status.ts';

export interface MigrateFlags extends MigrationFlags {
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly yes?: boolean;
  readonly allowDirty?: boolean;
  readonly commit?: boolean;
  readonly branch?: string;
  readonly status?: boolean;
  readonly resume?: boolean;
  readonly rollback?: boolean;
  readonly format: 'text' | 'json';
}

/** Runs `migrate` in one of its modes. */
export async function runMigrate(paths: readonly string[], flags: MigrateFlags, io: Io): Promise<void> {
  const named = await namedParts(paths, io);
  const { root } = named;
  if (flags.status === true) return runStatus(root, flags, io);
  if (flags.resume === true || flags.rollback === true) return recover(root, flags, io);
  await assertNoneOpen(statePaths(io.env).tx, root);
  const scene = await openScene(named, flags, io);
  const adapter = await openIdp(flags.idp ?? scene.eyes.config.idp, io);
  const prepared = await decide(scene, adapter, flags, io);
  if (prepared.plan.agents.length === 0) {
    io.exitCode = prepared.plan.manual.length > 0 ? 1 : 0;
    return;
  }
  if (isDry(flags)) io.exitCode = flags.check === true ? 1 : 0;
  else await carryOut(scene, { prepared, adapter }, flags, io);
}

/** Asks what to migrate where somebody can answer, plans it, and shows plan and diff. */
async function decide(scene: Scene, adapter: IdpAdapter, flags: MigrateFlags, io: Io): Promise<Prepared> {
  const asks = io.interactive && flags.yes !== true && !isDry(flags);
  const prepared = await prepare(scene, adapter, asks ? await interview(scene, flags) : flags);
  if (flags.plan !== undefined) await assertAgrees(resolve(io.cwd, flags.plan), prepared.plan);
  io.stdout(flags.format === 'json' ? toPlanJson(prepared.plan) : renderPlan(prepared.plan));
  if (flags.format === 'text' && flags.yes !== true) io.stdout(`\n${diffOf(prepared.texts, scene)}\n`);
  return prepared;
}

interface Decided {
  readonly prepared: Prepared;
  readonly adapter: IdpAdapter;
}

async function carryOut(
  scene: Scene,
  { prepared, adapter }: Decided,
  flags: MigrateFlags,
  io: Io,
): Promise<void> {
  const commit = toCommit(flags);
  if (commit !== null) await assertCommittable(scene.root, commit.branch);
  if (!(await confirm(prepared.plan, flags, io))) {
    io.stderr('Nothing was changed: you answered no.\n');
    return;
  }
  if (flags.allowDirty !== true) await assertClean(scene.root, prepared.plan);
  await makePrivateFolder(scene.state.tx);
  await withLock(resolve(scene.state.tx, 'lock'), 5_000, () =>
    apply(scene, { prepared, adapter, commit }, io),
  );
}

/** Gives where to commit, null where not. */
function toCommit({ commit, branch, allowDirty }: MigrateFlags): { readonly branch: string | null } | null {
  if (commit !== true && branch === undefined) return null;
  if (allowDirty !== true) return { branch: branch ?? null };
  throw new AgentIdError('usage', '--allow-dirty excludes --commit and --branch', {
    hint: 'A commit holds the migration and nothing else.',
  });
}

function isDry(flags: MigrateFlags): boolean {
  return flags.dryRun === true || flags.check === true;
}

async function apply(
  scene: Scene,
  { prepared, adapter, commit }: Decided & { readonly commit: ReturnType<typeof toCommit> },
  io: Io,
): Promise<void> {
  const { plan } = prepared;
  const effects = toEffects(adapter, io);
  const transaction = await beginTransaction(scene.state.tx, scene.root, plan, prepared.before);
  try {
    if (commit !== null) await transaction.journal.append({ step: 'git.intent', branch: commit.branch });
    await applyTransaction(transaction, prepared.contents, effects);
    // Before the commit, which takes the lock file as it then is.
    await prove(transaction, adapter, io);
    sayCommitted(await commitTransaction(transaction, effects), io);
  } catch (error) {
    if (!['preparing', 'uncommitted'].includes(stateOf(transaction))) throw error;
    const { possibleOrphans } = await rollbackTransaction(transaction, effects);
    io.stderr('Nothing is changed: what was begun is taken back.\n');
    sayOrphans(possibleOrphans, io);
    throw error;
  }
  await transaction.journal.close();
  io.stderr(next(plan));
}

/** Tries each agent, and says what was registered and what came of it. */
async function prove(transaction: Transaction, adapter: IdpAdapter, io: Io): Promise<void> {
  const { journal, plan, root } = transaction;
  const agents = onePerAgent(plan);
  for (const { spec } of agents) {
    if (!journal.records.some((one) => one.step === 'app.ok' && one.agent === spec.id)) continue;
    const agent = { id: spec.id, displayName: spec.displayName, clientId: spec.clientId };
    await note({ action: 'register', agent, operation: 'migrate', adapter }, statePaths(io.env), io);
  }
  const proofs = await proveAgents(agents, root, io);
  await noteProbes(transaction, { agents, adapter }, io);
  for (const { outcome, displayName, why } of proofs)
    io.stderr(`${outcome.padEnd(8)} ${printable(displayName)}: ${printable(why)}\n`);
  if (proofs.some((proof) => proof.outcome === 'failed')) io.exitCode = 1;
}

/** A consumer of two secrets is one agent. */
function onePerAgent(plan: Plan): readonly PlannedAgent[] {
  return [...new Map(plan.agents.map((agent) => [agent.spec.id, agent])).values()];
}

/** A token that migrate got itself must not count for the consumer's own. */
async function noteProbes(
  transaction: Transaction,
  { agents, adapter }: { readonly agents: readonly PlannedAgent[]; readonly adapter: IdpAdapter },
  io: Io,
): Promise<void> {
  const probed = agents.filter(({ key }) => key.place === 'here').map(({ spec }) => spec.id);
  const lock = await withProbes(await readLock(transaction.root), probed, { adapter, now: io.clock() });
  await writeLockWithin(transaction, lock);
}

function sayCommitted(committed: Committed | undefined, io: Io): void {
  if (committed === undefined) return;
  io.stderr(`Committed as ${committed.commit.slice(0, 12)}.\n`);
  for (const path of committed.leftOut) io.stderr(`  not in it, git does not know it: ${printable(path)}\n`);
}

function next(plan: Plan): string {
  const elsewhere = plan.agents.filter((agent) => agent.key.place === 'elsewhere');
  return [
    `Done: ${count(onePerAgent(plan).length, 'agent')}, ${count(plan.files.length, 'file')}. Review with git diff; agent-id migrate --rollback takes it back.`,
    ...elsewhere.map((agent) => `On ${agent.key.where}: ${agent.key.enroll}`),
    ...(plan.agents.some((agent) => agent.actsFor === 'user') ? ['Users consent once: agent-id login.'] : []),
    'When each has run once where it lives: agent-id migrate --status, then agent-id retire.',
    '',
  ].join('\n');
}

/** Renders the diff of all changed files, every secret in them masked. */
function diffOf(texts: readonly ChangedText[], { scan }: Scene): string {
  return texts
    .map(({ path, before, after }) => {
      const starts = toLineStarts(before);
      const offset = (line: number, column: number): number => (starts[line - 1] ?? 0) + column - 1;
      const secrets = scan.findings
        .filter((finding) => finding.location.path === path && finding.kind === 'literal')
        .map(({ location }) => ({
          start: offset(location.startLine, location.startColumn),
          end: offset(location.endLine, location.endColumn),
        }));
      return renderDiff({ path, before, after, secrets });
    })
    .join('\n');
}

async function confirm(plan: Plan, flags: MigrateFlags, io: Io): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!io.interactive) {
    throw new AgentIdError('not-interactive', 'a migration must be confirmed', {
      hint: 'Review it with --dry-run, then add --yes.',
    });
  }
  return askWhether(
    `Register ${count(onePerAgent(plan).length, 'agent')} and write ${count(plan.files.length, 'file')}?`,
  );
}

/** A plan file is advice: only what the plan made now says too is applied. */
async function assertAgrees(file: string, plan: Plan): Promise<void> {
  const data = await readJsonIfThere(file);
  if (data === undefined) throw new AgentIdError('unreadable', 'there is no such plan', { where: file });
  const { plan: reviewed, schemaVersion = 1 } = data as { plan?: Plan; schemaVersion?: number };
  if (schemaVersion > 1)
    throw new AgentIdError('newer-schema', 'the plan is of a newer version', {
      where: file,
      hint: 'Upgrade agent-id.',
    });
  const outline = (one: Plan | undefined): string =>
    JSON.stringify([
      one?.agents.map(({ spec, scopes }) => [
        spec.id,
        spec.clientId,
        spec.grants,
        scopes.map((scope) => scope.scope),
      ]),
      one?.files
        .filter((entry) => entry.path !== 'agent-id.lock.json' && entry.path !== 'agent-id.config.yaml')
        .map(({ path, preSha256, edits }) => [path, preSha256, edits.map(({ span }) => span)]),
      one?.idp,
    ]);
  if (outline(reviewed) !== outline(plan)) {
    throw new AgentIdError('changed-since', 'the reviewed plan and the plan made now differ', {
      where: file,
      hint: 'Review a new one: agent-id plan --out FILE.',
    });
  }
}

function cannotTell(where: string, why: string, remedy = 'Mend that.'): AgentIdError {
  return new AgentIdError('dirty', `whether files have uncommitted edits cannot be told: ${why}`, {
    where,
    hint: `${remedy} Or add --allow-dirty.`,
  });
}

async function assertClean(root: string, plan: Plan): Promise<void> {
  // Without a repository there is nothing to compare with; where git fails in one, nobody knows.
  const tree = await findWorkTree(root);
  if (tree.top === undefined) {
    if (tree.refused === undefined) return;
    throw cannotTell(root, tree.refused.message, tree.refused.hint);
  }
  const { code, stdout, stderr } = await runGit(root, [
    'status',
    '--porcelain',
    '-z',
    '--untracked-files=no',
  ]);
  if (code !== 0) throw cannotTell(root, `git says: ${saidByGit(stderr)}`);
  const dirty = new Set(changedPaths(stdout));
  const hit = plan.files.filter((file) => dirty.has(file.path)).map((file) => file.path);
  if (hit.length === 0) return;
  throw new AgentIdError('dirty', 'files to change have uncommitted edits', {
    where: hit.join(', '),
    hint: 'Commit or stash them, or add --allow-dirty.',
  });
}

async function assertNoneOpen(txHome: string, root: string): Promise<void> {
  const open = await interruptedTransaction(txHome, root);
  if (open === undefined) return;
  throw new AgentIdError('transaction-open', 'an interrupted migration is open here', {
    where: open,
    hint: 'End it first: agent-id migrate --resume, or agent-id migrate --rollback.',
  });
}
