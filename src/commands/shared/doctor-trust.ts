import { verifyAudit } from '../../audit/verify.ts';
import { adapterFor } from '../../idp/index.ts';
import { listTrusted } from '../../idp/trust.ts';
import type { TrustedIdp } from '../../idp/types.ts';
import type { Io } from '../../lib/io.ts';
import { readLock } from '../../lib/lock-file.ts';
import { statePaths } from '../../lib/state.ts';
import type { LockedAgent } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import { bad, none, ok, type Diagnosis, type Ward } from './doctor-ward.ts';

/** Trust files are whole; with `--online` each provider tells that it is the one that is trusted. */
export async function checkTrust({ io, flags }: Ward): Promise<Diagnosis> {
  const trusted = await listTrusted(statePaths(io.env));
  if (trusted.length === 0) return none('none is trusted: agent-id idp add');
  const names = trusted.map(({ name }) => name).join(', ');
  if (flags.online !== true) return ok(`${names}; not asked (--online)`);
  for (const trust of trusted) {
    const why = await whySilent(trust, io);
    if (why !== undefined) return bad(`${trust.name} does not answer: ${why}`, fixOf(trust));
  }
  return ok(`${names}; each answers`);
}

async function whySilent(trust: TrustedIdp, io: Io): Promise<string | undefined> {
  try {
    const adapter = await adapterFor(trust, { paths: statePaths(io.env), clock: io.clock });
    await adapter.discover();
    return undefined;
  } catch (error) {
    if (error instanceof AgentIdError) return error.message;
    throw error;
  }
}

function fixOf({ name, type }: TrustedIdp): string {
  return type === 'embedded' ? 'agent-id idp start' : `agent-id idp check ${name}`;
}

export async function checkAudit({ io }: Ward): Promise<Diagnosis> {
  const { state, entries } = await verifyAudit(statePaths(io.env));
  if (state === 'empty') return none('nothing was logged yet');
  if (state === 'intact') return ok(`intact, ${entries} entries`);
  return bad(`it is ${state.replace('-', ' ')}`, 'agent-id audit verify says from where on; keep a copy.');
}

/** An agent of an issuer that is not trusted here gets no token on this machine. */
export async function checkLock({ root, io }: Ward): Promise<Diagnosis> {
  const agents = Object.entries((await readLock(root)).agents);
  if (agents.length === 0) return none('nothing was migrated here');
  const trusted = await listTrusted(statePaths(io.env));
  const foreign = agents.filter(([, { issuer }]) => trusted.every((trust) => trust.issuer !== issuer));
  const [first] = foreign;
  if (first === undefined) return ok(`${agents.length} agents, their issuers are trusted here`);
  const named = foreign.map(([id]) => id).join(', ');
  return bad(`the issuer of ${named} is not trusted here: ${first[1].issuer}`, addTrust(first[1]));
}

function addTrust({ idp, issuer }: LockedAgent): string {
  return `If you trust it: agent-id idp add ${idp} --type TYPE --issuer ${issuer}`;
}
