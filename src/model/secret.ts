const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * Holds the value of a secret so that it cannot be printed by accident.
 *
 * Only matching, hashing and sending may call `open`; every way of turning the object into text gives
 * a placeholder. Never a field of a record.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Gives the value itself. Safe to repeat. */
  open(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect](): string {
    return '[secret]';
  }
}
