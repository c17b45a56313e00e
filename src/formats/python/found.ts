import type { Span } from '../../model/place.ts';
import { spanOf, type Node } from '../tree.ts';
import type { Given } from '../types.ts';

/** Where the value of a secret goes. */
export interface Flow {
  /** Whole header values, such as `f"SSWS {TOKEN}"`. */
  readonly headers: Set<Node>;
  /** Statements that only hold or check the value: they go with it. */
  readonly statements: Set<Node>;
  /** Sides of `a or not TOKEN`, as what to cut. */
  readonly sides: Span[];
  /** Entries `"token": TOKEN` of a client of Okta's SDK. */
  readonly tokens: Set<Node>;
  /** Parameters that hold the value, with the definition that has them, and the arguments that give it. */
  readonly parameters: Map<Node, Handed>;
  readonly given: Set<Node>;
  /** Options of the command line that are gone. */
  readonly flags: string[];
  /** Arguments to what the file imports. */
  readonly gives: Given[];
}

/** A parameter of a function of this file, or of a class's `__init__`, that takes a value. */
export interface Handed {
  /** The function or class, by the name that its callers say. */
  readonly definition: Node;
  readonly name: string;
  readonly parameter: Node;
  /** Place among the arguments that a call gives. */
  readonly index: number;
}

export interface Refusal {
  readonly refused: string;
  readonly at: Span;
}

export function refuse(node: Node, refused: string): Refusal {
  return { refused, at: spanOf(node) };
}
