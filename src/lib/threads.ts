import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import { AgentIdError } from '../model/error.ts';
import { shippedPath } from './shipped.ts';

/** A thread that answers questions, one at a time. */
export interface Thread<Question, Answer> {
  readonly ask: (question: Question) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

/** How many threads are worth having: as many as this machine runs at once, and no more than asked for. */
export function threadCount(most: number): number {
  return Math.max(1, Math.min(most, availableParallelism()));
}

/**
 * Starts a thread of the program that the build made as `threads/NAME.js`. Undefined where the sources run as they
 * are: what was built may be of another state.
 */
export function startThread<Question, Answer>(name: string): Thread<Question, Answer> | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const worker = new Worker(shippedPath(`threads/${name}.js`));
  return {
    ask: (question) => askWorker(worker, question),
    close: async () => {
      await worker.terminate();
    },
  };
}

function askWorker<Question, Answer>(worker: Worker, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      worker.off('message', give);
      reject(new AgentIdError('internal', 'a thread of this program has ended', { cause }));
    };
    const give = (answer: Answer): void => {
      worker.off('error', fail).off('exit', fail);
      resolve(answer);
    };
    worker.once('message', give).once('error', fail).once('exit', fail);
    worker.postMessage(question);
  });
}

/** Answers the questions that this thread is asked. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  parentPort?.on('message', (question: Question) => {
    void answer(question).then((answered) => parentPort?.postMessage(answered));
  });
}

/** Lets other work of this thread have its turn. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
