import type { MappedSecret } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';

/** Picks secrets by name or by `secret:ID` (six characters at least); all where nothing is asked. */
export function chooseSecrets(
  secrets: readonly MappedSecret[],
  wanted: string | undefined,
): readonly MappedSecret[] {
  if (wanted === undefined) return secrets;
  const prefix = /^secret:([0-9a-f]{6,32})$/.exec(wanted)?.[1];
  const found = secrets.filter((secret) =>
    prefix === undefined ? secret.names.includes(wanted) : secret.secret.startsWith(prefix),
  );
  const label = (secret: MappedSecret): string =>
    `secret:${secret.secret.slice(0, 8)} (${secret.names.join(', ')})`;
  if (found.length === 0) {
    throw new AgentIdError('unknown-name', 'no such secret is known here', {
      where: wanted,
      hint:
        secrets.length === 0
          ? 'Nothing was found.'
          : `There is: ${secrets.slice(0, 8).map(label).join('; ')}`,
    });
  }
  if (found.length > 1) {
    throw new AgentIdError('ambiguous', 'that names more than one secret', {
      where: wanted,
      hint: found.map(label).join('; '),
    });
  }
  return found;
}
