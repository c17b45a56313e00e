import type { ActsFor } from '../model/consumer.ts';
import type { FileFacts, FormatId, Slot, Use } from '../model/facts.ts';
import type { Edit, Span } from '../model/place.ts';

/**
 * One file format: how to find values and uses in it, and how to change few bytes of it.
 *
 * Adding a format means one folder, one fixture and one line in `formats/index.ts`.
 */
export interface Format {
  readonly id: FormatId;
  /** Is asked with the path relative to the root and the first kilobyte of text (shebang). */
  matches(path: string, head: string): boolean;
  /**
   * Parses a whole file. Safe to repeat.
   *
   * Throws `malformed` with `where` = `path:line` when the text is not of this format; a code file with
   * local syntax errors yields what could be read.
   */
  parse(text: string, path: string): Promise<Document>;
  /**
   * Blanks what has no say in what stands at some places (rising, without overlaps), where that saves parsing most of a
   * large text. Offsets stay as they are; the result may fail to parse where the whole does not.
   */
  excerpt?(text: string, places: readonly Span[]): Promise<string>;
}

/** A parsed file: its facts, and the edits that its format can do. Edits are computed, never applied. */
export interface Document {
  readonly facts: FileFacts;
  /** Code only: where the text could not be parsed. */
  readonly broken?: readonly Span[];
  /** The format only reads: each of the edits below throws `unsupported`. */
  readonly readOnly?: true;
  /** Replaces the value of one slot, quoted and escaped as the format and its neighbours want it. */
  setValue(slot: Slot, value: string, reason: string): Edit;
  /**
   * Removes one entry; in `.env`, shell and crontab it becomes a comment with the reason, so that line order stays.
   * Removing the last entry of a map removes the map too where an empty one would be invalid.
   */
  removeEntry(slot: Slot, reason: string): readonly Edit[];
  /** Inserts an entry beside another one, in the neighbours' style. */
  insertEntry(beside: Slot, name: string, value: string, reason: string): Edit;
  /**
   * Changes code so that what used the secret asks the helper for a token. Code formats only. `entering` are parameters
   * through which other files give the secret, or what this file imports of them and loses it.
   */
  adopt?(uses: readonly Use[], target: Adoption, entering?: readonly (Entering | Imported)[]): Adopted;
}

/** A function or class whose parameter holds the secret. */
export type Entering = Pick<Given, 'name' | 'argument' | 'index'>;

/** What a file exports and the secret lay below, in the words of a file that imports it; or a type of its own. */
export interface Imported extends Exposed {
  /** The module as the importing file names it; null for a type that this file declares. */
  readonly module: string | null;
}

/** Something that a file exports, or a type, with the keys below it that led to the secret. */
export interface Exposed {
  readonly name: string;
  /** `()` stands for a call. */
  readonly path: readonly string[];
}

/** What rewritten code must know. */
export interface Adoption {
  /** Agent id in the lock file. */
  readonly agent: string;
  /** Key of the resource in the IdP's trust file, such as `password-api`. */
  readonly resource: string;
  /** Empty: all that the lock file records for the agent. */
  readonly scopes: readonly string[];
  readonly actsFor: ActsFor;
  /** Where several agents share the code: the process says which of them it is. */
  readonly own?: OwnAgent;
  /** Path from the file's folder to the vendored helper, `/`-separated and starting with `./` or `../`. */
  readonly helperPath: string;
  /** Python only: the file lies in a package, and may be started or imported from outside of its folder. */
  readonly isPackaged?: boolean;
  /** Go only: import path of the helper's package. */
  readonly helperImport?: string;
}

/** How code that several agents share knows who it is. */
export interface OwnAgent {
  /** The agent that a process is which names none; null where each must name one. */
  readonly otherwise: string | null;
  /** Some act for a user and others as themselves: the lock file says which. */
  readonly mixed: boolean;
}

/** A parameter that a rewrite takes out. */
export interface ChangedSignature {
  /** The function or class, by the name that its callers say. */
  readonly name: string;
  readonly parameter: string;
  /** Place among the arguments of a call. */
  readonly index: number;
}

/** The secret as an argument to code of another file. */
export interface Given {
  readonly name: string;
  /** The module that holds it, as this file names it. */
  readonly module: string;
  /** Place or name of the argument; of an object the keys in it, `okta.token`. */
  readonly argument: number | string;
  /** Place of an argument that is such an object. */
  readonly index?: number;
  readonly span: Span;
}

/** Either the edits, or why the code cannot be changed safely: then a person must. */
export type Adopted =
  | {
      /** Null where the code only loses what it did with the secret, and asks for nothing. */
      readonly tier: 'T1' | 'T2' | 'T3' | null;
      readonly edits: readonly Edit[];
      /** Functions and classes that lose a parameter: callers in other files must not give it. */
      readonly changed?: readonly ChangedSignature[];
      /**
       * Names of the whole file or package that are gone: other files must not read them. `--token` is an option with
       * which no command may start the file any more, `.token` a field that must not be read of what it makes.
       */
      readonly dropped?: readonly string[];
      /** Functions and classes of other files that are not given the secret any more: they must lose the parameter. */
      readonly gives?: readonly Given[];
      /** What files that import this one cannot read any more. */
      readonly exposes?: readonly Exposed[];
      /** Types of other files that must lose the key. */
      readonly types?: readonly Imported[];
    }
  | { readonly refused: string; readonly at: Span };
