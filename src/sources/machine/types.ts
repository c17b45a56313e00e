/**
 * Where one kind of files of a user lies. Paths begin with `~/`, `/`, a drive, or a folder that a variable of the
 * environment names (`%APPDATA%/`); `*` stands for any name, `**` for any folders.
 */
export interface Place {
  /** Whose files these are, for the list of what is read. */
  readonly what: string;
  readonly paths: readonly string[];
  /** Platforms, as Node names them; all where none is said. */
  readonly on?: readonly NodeJS.Platform[];
  /** How many files are read at most, the newest first; all where nothing is said. */
  readonly most?: number;
}

/** The machine and user to look at. */
export interface Machine {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** The folder that stands for `/`. */
  readonly system: string;
}
