import { answerQuestions } from '../../lib/threads.ts';
import { runJob, type Done, type Question } from './job.ts';

answerQuestions<Question, Done>(({ job, part }) => runJob(job, part));
