import { toRuleSet } from '../../detect/index.ts';
import { answerQuestions } from '../../lib/threads.ts';
import { openFiles } from '../../sources/tree.ts';
import { Looker } from './looker.ts';
import { lookInTurn, pack, type Packed, type Shared } from './together.ts';

answerQuestions<Shared, Packed>(async ({ rules, kind, below, ...job }) => {
  const looker = new Looker(toRuleSet(rules), { source: { kind, ...openFiles(job) }, below });
  await lookInTurn(looker, job);
  return pack(looker.take());
});
