import type { Consumer, MappedSecret, SecretMap, Unresolved } from '../model/consumer.ts';
import type { Impact, SecretImpact } from '../model/impact.ts';
import type { Location } from '../model/place.ts';
import { printable } from './error.ts';

interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

/** Evidence lines shown for one scope; the rest is counted. JSON has all. */
const EVIDENCE_SHOWN = 3;

/** Renders one tree for each secret: stored in, consumed by, reaches. Ends with a line break. */
export function renderMap(map: SecretMap): string {
  const parts = map.secrets.map((secret) => renderTree(secretBranch(secret)));
  if (map.unresolved.length > 0) parts.push(renderTree(unresolvedBranch(map)));
  if (parts.length === 0) return 'No long-lived secret was found.\n';
  return `${parts.join('\n')}\n${nextStep(map)}`;
}

/** Renders what breaks if the secrets are revoked now. Ends with a line break. */
export function renderImpact(impact: Impact): string {
  const { secrets, unresolved } = impact;
  if (secrets.length === 0 && unresolved.length === 0)
    return 'No long-lived secret was found: nothing breaks.\n';
  const told = new Set(secrets.flatMap((secret) => secret.unresolved));
  const lines = [
    ...secrets.flatMap(impactLines),
    ...unresolved.filter((one) => !told.has(one)).map(unclearLine),
  ];
  lines.push(impactVerdict(impact));
  return `${lines.join('\n')}\n`;
}

/** Names a secret as every output does: the variable, and the first characters of its fingerprint. */
export function secretLabel(secret: { readonly secret: string; readonly names: readonly string[] }): string {
  const names = secret.names.length === 0 ? 'unnamed' : secret.names.map(printable).join(', ');
  return `${names}  secret:${secret.secret.slice(0, 6)}`;
}

/** Says in one sentence whether the old secrets can be revoked. */
export function impactVerdict({ clean, secrets }: Impact): string {
  if (clean) return 'Every consumer is migrated and verified: the old secrets can be retired.';
  if (secrets.some((one) => one.breaks.length + one.unsure.length > 0))
    return 'Do not revoke yet. Next: agent-id plan, then agent-id migrate.';
  return 'Do not revoke yet. Say by hand what the unclear places are: take them out, or make them read the secret by its name.';
}

function impactLines(secret: SecretImpact): readonly string[] {
  const counts = `${secret.confirmed} confirmed, ${secret.probable} probable, ${secret.unknown} unknown`;
  return [
    `${secretLabel(secret)}: ${counts}`,
    ...secret.breaks.map((one) => `  breaks   ${consumerLine(one)} is ${one.state}`),
    ...secret.unsure.map(
      (one) => `  unknown  ${consumerLine(one)}: ${printable(one.unknown[0]?.why ?? 'not understood')}`,
    ),
    ...secret.unresolved.map(unclearLine),
  ];
}

function unclearLine({ path, line, why }: Unresolved): string {
  return `  unclear  ${printable(path)}:${line}: ${printable(why)}`;
}

function secretBranch(secret: MappedSecret): Branch {
  const consumers = secret.consumers.map(consumerBranch);
  return {
    text: `${secretLabel(secret)}  ${secret.rule}`,
    below: [
      { text: storedText(secret), below: secret.storedIn.map((one) => leaf(placeText(one))) },
      {
        text:
          consumers.length === 0 ? 'consumed by nothing that was found' : `consumed by ${consumers.length}`,
        below: consumers,
      },
      ...reachBranches(secret),
      { text: `risk ${secret.risk.score}`, below: secret.risk.reasons.map((reason) => leaf(reason)) },
      leaf(`owner ${ownerText(secret.owner)}`),
    ],
  };
}

function storedText(secret: MappedSecret): string {
  return secret.storedIn.length === 0
    ? 'stored in no file that was scanned'
    : `stored in ${secret.storedIn.length}`;
}

function reachBranches(secret: MappedSecret): readonly Branch[] {
  return secret.reaches.map((reach) => ({
    text: `reaches ${reach.api}`,
    below: [leaf(`operations ${reach.operations.join(', ')}`), leaf(`scopes ${reach.scopes.join(', ')}`)],
  }));
}

function consumerBranch(consumer: Consumer): Branch {
  const language = consumer.language === undefined ? '' : `, ${consumer.language}`;
  const state = consumer.state === 'found' ? '' : `, ${consumer.state}`;
  return {
    text: `${consumerLine(consumer)}  ${consumer.kind}${language}, ${consumer.confidence}${state}`,
    below: [
      leaf(`owner ${ownerText(consumer.owner)}`),
      leaf(`acts ${consumer.actsFor === 'user' ? 'for a user' : 'as itself'}: ${consumer.actsForReason}`),
      ...consumer.scopes.map(({ scope, evidence }) => ({
        text: scope,
        below: [
          ...evidence.slice(0, EVIDENCE_SHOWN).map((one) => leaf(`${one.path}:${one.line}  ${one.call}`)),
          ...more(evidence.length - EVIDENCE_SHOWN),
        ],
      })),
      ...(consumer.scopes.length === 0 ? [leaf('no call that needs a scope was found')] : []),
      ...consumer.unknown.map((one) => leaf(`unknown ${one.path}:${one.line}  ${one.why}`)),
    ],
  };
}

function more(count: number): readonly Branch[] {
  return count > 0 ? [leaf(`and ${count} more`)] : [];
}

function consumerLine(consumer: Consumer): string {
  return `${consumer.name}  ${printable(consumer.path)}:${consumer.line}`;
}

function ownerText(owner: Consumer['owner']): string {
  return owner.who === null ? `nobody (${owner.evidence})` : `${owner.who} (${owner.evidence})`;
}

function placeText(place: Location): string {
  return `${place.path}:${place.startLine}${place.slot === undefined ? '' : `  ${place.slot}`}`;
}

function unresolvedBranch(map: SecretMap): Branch {
  return {
    text: 'unresolved',
    below: map.unresolved.map((one) => leaf(`${one.path}:${one.line}  ${one.why}`)),
  };
}

function nextStep(map: SecretMap): string {
  const [first] = map.secrets;
  if (first === undefined) return '';
  const name = first.names[0] ?? `secret:${first.secret.slice(0, 6)}`;
  return `Next: agent-id plan --secret ${printable(name)} --idp NAME, or agent-id map --impact.\n`;
}

function leaf(text: string): Branch {
  return { text, below: [] };
}

function renderTree(branch: Branch): string {
  return [printable(branch.text), ...branchLines(branch.below, '')].join('\n') + '\n';
}

function branchLines(branches: readonly Branch[], indent: string): readonly string[] {
  return branches.flatMap((branch, at) => {
    const last = at === branches.length - 1;
    const own = `${indent}${last ? '└─ ' : '├─ '}${printable(branch.text)}`;
    return [own, ...branchLines(branch.below, `${indent}${last ? '   ' : '│  '}`)];
  });
}
