import { answerQuestions } from '../../lib/threads.ts';
import { sift, type Sifting } from './sift.ts';

answerQuestions<Sifting, number>((job) => Promise.resolve(sift(job)));
