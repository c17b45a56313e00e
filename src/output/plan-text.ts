import type { Plan, PlannedAgent, PlannedFile, PlannedSecret } from '../model/plan.ts';
import { printable } from './error.ts';

/** Renders a plan for the person who decides: identities with evidence, files, limits, what is left to do by hand. */
export function renderPlan(plan: Plan): string {
  if (plan.agents.length === 0 && plan.manual.length === 0) return 'Nothing to migrate.\n';
  const blocks = [
    `Plan ${plan.id} at ${plan.idp.name} (${plan.idp.type}, ${plan.idp.issuer})`,
    ...plan.secrets.map((secret) => renderSecret(secret, plan.agents)),
    section('Files', plan.files.map(renderFile)),
    section(
      'What this provider cannot do',
      plan.gaps.map((gap) => `  - ${gap}`),
    ),
    section(
      'Left to a person',
      plan.manual.map(
        (step) =>
          `  ${printable(step.path)}:${step.line}  ${printable(step.why)}\n    ${printable(step.what)}`,
      ),
    ),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function renderSecret(secret: PlannedSecret, agents: readonly PlannedAgent[]): string {
  const lines = [
    `${printable(secret.names.join(', '))}  secret:${secret.secret.slice(0, 6)}  ${secret.rule}`,
    `  retires   ${printable(secret.why)}`,
  ];
  return [...lines, ...agents.filter((agent) => agent.secret === secret.secret).map(renderAgent)].join('\n');
}

function renderAgent(agent: PlannedAgent): string {
  const mode = agent.actsFor === 'user' ? 'on behalf of the user' : 'as itself';
  const lines = [
    '',
    `  ${printable(agent.spec.displayName)} (${agent.spec.id})  ${registration(agent)}`,
    `    acts      ${mode}: ${printable(agent.actsForReason)}`,
    `    consumer  ${printable(agent.consumer)}${agent.spec.owner === null ? '' : `, owned by ${printable(agent.spec.owner)}`}`,
    `    resource  ${agent.resource.displayName} ${agent.resource.uri}, tokens of ${agent.spec.grants[0]?.maxTtlSeconds ?? 300} s`,
    ...agent.scopes.map((one) => `    scope     ${one.scope}  ${printable(evidence(one.evidence))}`),
    ...said(agent).map((line) => `    provider  ${printable(line)}`),
    `    key       ${agent.key.where}${agent.key.place === 'elsewhere' ? `; there: ${agent.key.enroll}` : ''}`,
  ];
  return lines.join('\n');
}

/** What the provider's side says of the registration beyond what stands here already: what differs, what a person must do. */
function said({ changeLines, spec }: PlannedAgent): readonly string[] {
  const known = spec.grants.map(({ uri, scopes }) => `${uri}: ${scopes.join(' ')}`);
  return changeLines.filter((line) => line !== `registers ${spec.displayName}` && !known.includes(line));
}

function registration(agent: PlannedAgent): string {
  const words = {
    create: 'new application',
    update: 'application changes',
    none: 'registered already',
    conflict: 'CONFLICT: not ours',
  };
  return words[agent.change];
}

function evidence(
  places: readonly { readonly path: string; readonly line: number; readonly call: string }[],
): string {
  const [first, ...more] = places;
  if (first === undefined) return '';
  return `${first.path}:${first.line} ${first.call}${more.length === 0 ? '' : ` (+${more.length})`}`;
}

function renderFile(file: PlannedFile): string {
  const kind = file.preSha256 === null ? 'new' : (file.tier ?? 'edit');
  return `  ${kind.padEnd(4)} ${printable(file.path)}  ${file.why}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines].join('\n');
}
