/** Prints the story and keeps count: a claim that does not hold makes the demo fail. */
export interface Stage {
  readonly title: (text: string) => void;
  readonly say: (text: string) => void;
  /** Shows a command and what it printed, indented. */
  readonly show: (command: string, output: string, lines?: number) => void;
  readonly claim: (text: string, holds: boolean, otherwise?: string) => void;
  readonly skip: (text: string) => void;
  readonly failed: () => readonly string[];
  readonly claims: () => number;
  /** Everything that was printed so far. */
  readonly printed: () => string;
}

export function createStage(print: (text: string) => void): Stage {
  const failures: string[] = [];
  const printed: string[] = [];
  const write = (text: string): void => {
    printed.push(text);
    print(text);
  };
  let count = 0;
  let chapter = 0;
  return {
    title(text) {
      chapter += 1;
      write(`\n${chapter}. ${text}\n`);
    },
    say: (text) => write(`   ${text}\n`),
    show(command, output, lines = Infinity) {
      const all = output.trimEnd().split('\n');
      write(`   $ ${command}\n`);
      for (const line of all.slice(0, lines)) write(`     ${line}\n`);
      if (all.length > lines) write(`     … ${all.length - lines} more lines\n`);
    },
    claim(text, holds, otherwise = '') {
      count += 1;
      if (!holds) failures.push(text);
      write(`   ${holds ? 'ok  ' : 'FAIL'} ${text}${holds || otherwise === '' ? '' : `: ${otherwise}`}\n`);
    },
    skip: (text) => write(`   skip ${text}\n`),
    failed: () => failures,
    claims: () => count,
    printed: () => printed.join(''),
  };
}
