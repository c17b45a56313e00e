/** Where a private key can lie. */
export type KeyStoreKind = 'file' | 'ssh-agent' | 'keychain' | 'command';

/** Why a key file is not used. */
export type KeyFileProblem = 'missing' | 'too-open' | 'not-ours' | 'unreadable' | 'malformed';

/** Says why a key file is not used; the message names the file, never its content. */
export class KeyFileError extends Error {
  readonly problem: KeyFileProblem;

  constructor(problem: KeyFileProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'KeyFileError';
    this.problem = problem;
  }
}

/** Says why what holds a key did not sign. `hint` is one sentence on what to do. Holds nothing that was signed. */
export class KeyStoreError extends Error {
  readonly store: KeyStoreKind;
  readonly hint: string;

  constructor(store: KeyStoreKind, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'KeyStoreError';
    this.store = store;
    this.hint = hint;
  }
}
