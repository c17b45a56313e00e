import type { Finding } from '../../model/finding.ts';
import type { Secret } from '../../model/secret.ts';

type Named = Pick<Finding, 'rule' | 'secret'>;

/** Values of what was found, in memory and for one scan only. */
export interface Values {
  readonly keep: (finding: Named, value: Secret) => void;
  readonly find: (finding: Named) => Secret | undefined;
}

/** Keeps one value for each rule and fingerprint. */
export function createValues(): Values {
  const values = new Map<string, Secret>();
  const keyOf = ({ rule, secret }: Named): string => `${rule} ${secret}`;
  return {
    keep: (finding, value) => void values.set(keyOf(finding), value),
    find: (finding) => values.get(keyOf(finding)),
  };
}
