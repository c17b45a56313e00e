import type { Span } from '../../model/place.ts';

/** How a value is tied to its name. */
export type Form = 'assignment' | 'pair' | 'argument' | 'header' | 'call' | 'default' | 'element';

/** A value that may be a secret, with the name it stands under. In memory only. */
export interface Candidate {
  /** As written; empty where there is none. */
  readonly name: string;
  /** Decoded, without quotes and scheme words. */
  readonly value: string;
  /** Where the value stands in the text. */
  readonly span: Span;
  readonly form: Form;
  /** Key path, for a value that a format knows. */
  readonly slot: string | null;
  /** A scheme word stood before it: `Bearer`, `SSWS`. */
  readonly scheme: boolean;
  readonly quoted: boolean;
  /** What stands between name and value; empty for a slot. */
  readonly separator: string;
}
