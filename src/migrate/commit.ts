import { commitFiles, committablePaths, headWithLine } from '../lib/git-write.ts';
import type { Plan } from '../model/plan.ts';
import type { Effects } from './apply.ts';
import type { Transaction } from './transaction.ts';

/** What a commit took, and what stayed out of it because git ignores or does not know it. */
export interface Committed {
  readonly commit: string;
  readonly leftOut: readonly string[];
}

/**
 * Commits exactly the files of an applied transaction that was to be committed; gives `undefined` for another. Safe to
 * repeat: a commit that a crash hid is found by its line. Throws `denied` where git or a hook refuses; index and branch
 * are then as before.
 */
export async function commitTransaction(
  transaction: Transaction,
  { checkpoint }: Pick<Effects, 'checkpoint'>,
): Promise<Committed | undefined> {
  const { root, plan, journal } = transaction;
  const intent = journal.records.find((record) => record.step === 'git.intent');
  if (intent === undefined) return undefined;
  const files = plan.files.map(({ path, preSha256 }) => ({ path, fresh: preSha256 === null }));
  const paths = await committablePaths(root, files);
  const leftOut = files.map(({ path }) => path).filter((path) => !paths.includes(path));
  await checkpoint('git.before');
  const commit =
    (await headWithLine(root, markerLine(plan.id))) ??
    (await commitFiles(root, { paths, message: toMessage(plan), branch: intent.branch }));
  await checkpoint('git.after');
  await journal.append({ step: 'git.ok', commit });
  return { commit, leftOut };
}

/** Names what was moved; holds names, scopes and ids, never a secret. */
export function toMessage(plan: Plan): string {
  const names = plan.secrets.flatMap((secret) => secret.names.slice(0, 1)).map(plain);
  const what = names.length === 1 ? names[0] : `${plan.secrets.length} secrets`;
  const agents = plan.agents.map(
    ({ spec, scopes, resource }) =>
      `- ${plain(spec.displayName)} (${plain(spec.id)}): ${plain(resource.key)} ${scopes.map((one) => plain(one.scope)).join(' ')}`,
  );
  const count = plan.agents.length === 1 ? '1 agent' : `${plan.agents.length} agents`;
  return [
    `agent-id: migrate ${what} (${count})`,
    '',
    `Each consumer has an identity of its own at ${plain(plan.idp.name)}, with these scopes, and gets tokens of`,
    'at most five minutes. No key and no secret is in this commit.',
    '',
    ...agents,
    '',
    markerLine(plan.id),
    '',
  ].join('\n');
}

function markerLine(id: string): string {
  return `Agent-Id-Transaction: ${id}`;
}

function plain(text: string): string {
  return text.replace(/\p{C}/gu, '?').slice(0, 100);
}
