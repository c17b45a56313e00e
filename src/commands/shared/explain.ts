import type { Io } from '../../lib/io.ts';
import { readRules } from '../../lib/rules.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Finding } from '../../model/finding.ts';
import type { Rule } from '../../model/rule.ts';
import { errorCodes, isErrorCode } from '../../output/error-codes.ts';
import { printable } from '../../output/error.ts';
import { policyRule } from '../../detect/index.ts';
import { scanSource } from '../../survey/scan-tree.ts';
import { describeLine } from './explain-line.ts';
import { scanDefaults } from './scan-flags.ts';
import { openScanSource, rootOf } from './scan-sources.ts';
import { openEyes, type GlobalOptions } from './survey.ts';

const ignoring = `To accept one place, put a comment on its line or the line before:
  agent-id:ignore RULE reason
To accept what is there now, with a reason and a last day:
  agent-id scan --write-baseline --reason TEXT --expires YYYY-MM-DD
`;

/** Explains a rule by its id, an error by its code, `ignore`, or a finding by (the start of) its id. */
export async function runExplain(
  what: string,
  paths: readonly string[],
  flags: GlobalOptions,
  io: Io,
): Promise<void> {
  const targets = paths.length === 0 ? ['.'] : paths;
  const rule = [...(await readRules()), policyRule].find((one) => one.id === what);
  if (what === 'ignore') io.stdout(ignoring);
  else if (isErrorCode(what)) io.stdout(`error[${what}]: ${errorCodes[what]}\n`);
  else if (rule !== undefined) io.stdout(describeRule(rule));
  else if (/:\d+$/.test(what)) io.stdout(await describeLine(what, targets, flags, io));
  else io.stdout(describeFinding(await findFinding(what, targets, flags, io)));
}

function describeRule(rule: Rule): string {
  const names = rule.names === undefined ? '' : `Names:    ${rule.names.join('\n          ')}\n`;
  return `${rule.title} (${rule.id})\n\nGives:    ${rule.grants}\nLifetime: ${rule.lifetime}\nSeverity: ${rule.severity}, confidence ${rule.confidence}\nRevoke:   ${rule.revoke}\n${names}`;
}

/** Looks as `scan` does at the same paths: the ids are the same. */
async function findFinding(
  id: string,
  targets: readonly string[],
  flags: GlobalOptions,
  io: Io,
): Promise<Finding> {
  const scan = { ...scanDefaults, ...flags };
  const eyes = await openEyes(await rootOf(targets, scan, io), flags, io);
  const source = await openScanSource(targets, eyes, scan, io);
  const { findings } = /^[0-9a-f]{6,32}$/.test(id) ? await scanSource(source, eyes) : { findings: [] };
  const found = findings.filter((finding) => finding.id.startsWith(id));
  const [first, ...more] = found;
  if (first === undefined) {
    throw new AgentIdError('unknown-name', 'there is no such rule, and no such finding here', {
      where: id,
      hint: 'Ids stand in agent-id scan --format json.',
    });
  }
  if (more.length > 0)
    throw new AgentIdError('ambiguous', 'that names more than one finding', {
      where: id,
      hint: 'Give more of the id.',
    });
  return first;
}

function describeFinding({
  title,
  rule,
  kind,
  name,
  location,
  confidence,
  reasons,
  severity,
  lifetime,
}: Finding): string {
  const lines = [
    `${title} (${rule}), ${kind}`,
    `  at         ${printable(location.path)}:${location.startLine}:${location.startColumn}`,
    ...(name === null ? [] : [`  name       ${printable(name)}`]),
    ...(location.slot === undefined ? [] : [`  slot       ${printable(location.slot)}`]),
    `  severity   ${severity}, lifetime ${lifetime}`,
    `  confidence ${confidence}: ${printable(reasons.join('; '))}`,
  ];
  return `${lines.join('\n')}\n`;
}
