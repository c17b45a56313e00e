import type { Span } from './place.ts';

export type FormatId =
  | 'env'
  | 'yaml'
  | 'json'
  | 'javascript'
  | 'python'
  | 'go'
  | 'shell'
  | 'dockerfile'
  | 'crontab'
  | 'xml'
  | 'ini'
  | 'credentials'
  | 'toml'
  | 'hcl'
  | 'csv'
  | 'notebook'
  | 'code'
  | 'text';

/** How text was written as other text: `escape` is a backslash with a letter or a number behind it. */
export type Encoding = 'base64' | 'hex' | 'percent' | 'escape';

/** Where a secret read by name lives. */
export type Store = 'env' | 'github-secret' | 'github-variable' | 'k8s-secret' | 'compose-secret';

/** One addressable value in a file, in configuration or as a literal in code. */
export interface Slot {
  /** Key path, such as `services.api.environment[2]`; for code, the assigned name or the argument. */
  readonly path: string;
  /** The key, variable, header or flag that names the value; the best that the format knows. */
  readonly name: string | null;
  /** The decoded value, without quotes and escapes. */
  readonly value: string;
  /** The raw value in the text, without its quotes. */
  readonly span: Span;
  /** Key and value together: what goes when the entry goes. */
  readonly entry: Span;
  /** How the value is written in the file, where `value` is what that stands for. */
  readonly encoding?: Encoding;
  /** Only a part of another slot's value: what changes the file changes that one. */
  readonly part?: true;
}

/** One place that reads a value by name, such as `process.env.X`, `${{ secrets.X }}`, `${X:-…}`, `os.Getenv("X")`. */
export interface Use {
  readonly name: string;
  readonly store: Store;
  /** The reading expression. */
  readonly span: Span;
  /** Key path of the slot that it sits in (configuration only). */
  readonly slot?: string;
  /** Name under which the surrounding entry hands it on: the key of `OKTA: ${{ secrets.X }}`. */
  readonly as?: string;
  /** The variable or field that the code binds it to. */
  readonly binding?: string;
}

/** An import of a module, package or file. */
export interface Import {
  readonly module: string;
  readonly names: readonly string[];
  readonly span: Span;
}

/** One argument of a call. Dynamic parts of a text are `{}`; an object literal is flattened to `headers.Authorization`. */
export interface Arg {
  readonly name: string | null;
  readonly text: string | null;
  readonly span: Span;
}

/** One call in code: `callee` is the dotted source text (`client.userApi.resetPassword`), without arguments. */
export interface Call {
  readonly callee: string;
  readonly args: readonly Arg[];
  readonly span: Span;
}

/** One command that the file runs: a cron line, a workflow's step, a script's line, an MCP server, a container's command. */
export interface Command {
  /** Words after quote removal; expansions are kept as written (`$HOME/x`). Leading assignments are in `env`. */
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly span: Span;
  /** Key path of the slot that holds it (configuration only). */
  readonly slot?: string;
}

/** All that one file says, for matching and for inference. In memory only: slots hold values. */
export interface FileFacts {
  readonly path: string;
  readonly format: FormatId;
  readonly slots: readonly Slot[];
  readonly uses: readonly Use[];
  readonly imports: readonly Import[];
  readonly calls: readonly Call[];
  readonly commands: readonly Command[];
  /** Where the code answers requests from others (a server, a handler): evidence that it acts for users. */
  readonly listens: readonly Span[];
  /** Start offset of each line, so that a span becomes a line and a column. */
  readonly lineStarts: readonly number[];
}
