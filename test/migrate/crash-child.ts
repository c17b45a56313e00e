// Runs a step of a migration and kills itself at one checkpoint. Started by crash.test.ts, bundled.
import { readFileSync } from 'node:fs';
import { adapterFor } from '../../src/idp/index.ts';
import type { TrustedIdp } from '../../src/idp/types.ts';
import { deleteAgentKey, makeAgentKey, readAgentKey } from '../../src/lib/keys.ts';
import { statePaths } from '../../src/lib/state.ts';
import { applyTransaction, type Effects } from '../../src/migrate/apply.ts';
import { resumeTransaction, rollbackTransaction } from '../../src/migrate/rollback.ts';
import { beginTransaction, openTransactions } from '../../src/migrate/transaction.ts';
import type { Plan } from '../../src/model/plan.ts';

interface Job {
  readonly verb: 'apply' | 'resume' | 'rollback';
  readonly root: string;
  readonly trust: TrustedIdp;
  readonly plan: Plan;
  readonly contents: readonly string[];
  /** Number of the checkpoint to die at; -1 never. */
  readonly dieAt: number;
}

const job = JSON.parse(readFileSync(0, 'utf8')) as Job;
const paths = statePaths();
let seen = 0;

const effects: Effects = {
  adapter: await adapterFor(job.trust, { paths }),
  keys: {
    find: async (agent) => (await readAgentKey(paths, agent)) ?? undefined,
    create: async (agent) => (await makeAgentKey(paths, agent)).key,
    remove: (agent) => deleteAgentKey(paths, agent),
  },
  checkpoint: async () => {
    if (seen === job.dieAt) process.kill(process.pid, 'SIGKILL');
    seen += 1;
    await Promise.resolve();
  },
};

if (job.verb === 'apply') {
  const before = job.plan.files.map((file) =>
    file.preSha256 === null ? null : readFileSync(`${job.root}/${file.path}`),
  );
  await effects.checkpoint('begin.before');
  const transaction = await beginTransaction(paths.tx, job.root, job.plan, before);
  await effects.checkpoint('begin.after');
  await applyTransaction(transaction, job.contents, effects);
} else {
  for (const transaction of await openTransactions(paths.tx, job.root)) {
    if (job.verb === 'resume') await resumeTransaction(transaction, effects);
    else await rollbackTransaction(transaction, effects);
  }
}
process.stdout.write(`${seen}\n`);
