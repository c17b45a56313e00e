/** What a verb may touch of its process: passed in, so that tests and the demo can run verbs inside one process. */
export interface Io {
  /** Data. */
  readonly stdout: (text: string) => void;
  /** For the person: progress, warnings, next steps. */
  readonly stderr: (text: string) => void;
  /** The folder that verbs work in, after `-C`. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether questions can be asked: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Whether stdout may have colour. */
  readonly color: boolean;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Reads standard input to its end. */
  readonly stdin: () => Promise<string>;
  /** The same, undecoded. */
  readonly stdinBytes?: () => Promise<Buffer>;
  exitCode: number;
}
