import { createHash } from 'node:crypto';

/** Values that one thread found, numbered; they stay in it. */
export interface Values {
  readonly number: (value: string) => number;
  readonly bytesOf: (number: number) => Buffer;
  /** A digest of each, made for this run only. */
  readonly done: () => readonly string[];
}

export function createValues(): Values {
  const numbers = new Map<string, number>();
  const bytes: Buffer[] = [];
  return {
    number: (value) => {
      const known = numbers.get(value);
      if (known !== undefined) return known;
      const own = Buffer.from(value, 'latin1');
      // The text that a value was cut from would stay with it.
      numbers.set(own.toString('latin1'), bytes.length);
      return bytes.push(own) - 1;
    },
    bytesOf: (number) => bytes[number] ?? Buffer.alloc(0),
    done: () => [...numbers.keys()].map(digestOf),
  };
}

/** Gives a digest of a value, for this run only. */
export function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}
