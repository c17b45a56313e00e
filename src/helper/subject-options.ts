import { resolve } from 'node:path';
import { readDefaultSubject, parseSubject } from './subject.ts';
import type { OpenAgent, Subject, Wanted } from './open.ts';
import { readDescriptor, readText } from '../lib/descriptor.ts';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';

/** For whom a token is, as flags. None: the user who signed in. */
export interface SubjectOptions {
  readonly asAgent?: boolean;
  readonly subjectFile?: string;
  readonly subjectFd?: string;
  /** A user who is not there, and what they are told. */
  readonly ask?: string;
  readonly message?: string;
  /** Seconds to wait for the answer. */
  readonly wait?: string;
}

/** What a token is for: a user who is asked must be told. */
type Purpose = Pick<Wanted, 'resource' | 'scopes'>;

/** Reads the subject that the flags name. A token never comes by argument or environment value. */
export async function readSubject(
  opened: OpenAgent,
  options: SubjectOptions,
  { io, purpose }: { readonly io: Io; readonly purpose: Purpose },
): Promise<Subject> {
  const { asAgent, subjectFile, subjectFd, ask } = options;
  assertOne(options);
  if (ask !== undefined) return askAbsent(opened, { ...options, ask }, { io, purpose });
  if (asAgent === true) return 'itself';
  if (subjectFile === '-') return parseSubject(await io.stdin());
  if (subjectFile !== undefined) return parseSubject(await readSubjectFile(resolve(io.cwd, subjectFile)));
  if (subjectFd === undefined)
    return readDefaultSubject(opened, purpose.resource, { env: io.env, clock: io.clock });
  if (!/^\d{1,4}$/.test(subjectFd)) throw new AgentIdError('usage', '--subject-fd takes a number');
  return parseSubject(await readDescriptor(Number(subjectFd)));
}

/** The name is not repeated: some give the token itself. */
async function readSubjectFile(path: string): Promise<string> {
  const text = await readText(path).catch(() => undefined);
  if (text !== undefined) return text;
  throw new AgentIdError('unreadable', "cannot read the file with the user's token", {
    where: '--subject-file',
  });
}

function assertOne({ asAgent, subjectFile, subjectFd, ask, message, wait }: SubjectOptions): void {
  const given = [asAgent === true, subjectFile !== undefined, subjectFd !== undefined, ask !== undefined];
  if (given.filter(Boolean).length > 1)
    throw new AgentIdError('usage', '--as-agent, --ask, --subject-file and --subject-fd exclude each other');
  if (ask === undefined && (message !== undefined || wait !== undefined))
    throw new AgentIdError('usage', '--message and --wait go with --ask');
  if (wait !== undefined && !(/^\d{1,3}$/.test(wait) && Number(wait) >= 1 && Number(wait) <= 300))
    throw new AgentIdError('usage', '--wait takes 1 to 300 seconds');
}

async function askAbsent(
  opened: OpenAgent,
  { ask: user, message, wait }: SubjectOptions & { readonly ask: string },
  { io, purpose }: { readonly io: Io; readonly purpose: Purpose },
): Promise<Subject> {
  const { trust } = opened;
  // Other providers reach the person on their own: by app, by mail.
  const where = trust.type === 'embedded' ? ` They answer at ${trust.issuer}/requests` : '';
  return opened.ask({
    ...purpose,
    user,
    ...(message !== undefined && { message }),
    ...(wait !== undefined && { waitSeconds: Number(wait) }),
    onAsked: (seconds) =>
      io.stderr(`Asked ${user}; waiting up to ${seconds} seconds for the answer.${where}\n`),
  });
}

/** Gives the agent that a flag or `AGENT_ID_AGENT` names. Throws `usage`. */
export function requireAgent(named: string | undefined, io: Io): string {
  const id = named ?? io.env['AGENT_ID_AGENT'];
  if (id !== undefined && id !== '') return id;
  throw new AgentIdError('usage', 'name the agent', { hint: 'With --agent, or AGENT_ID_AGENT.' });
}

/** Gives the scopes that were asked for, else all that the lock file records for this resource. */
export function toScopes(opened: OpenAgent, resource: string, asked: readonly string[]): readonly string[] {
  if (asked.length > 0) return asked;
  const trusted = opened.trust.resources.find(({ key, uri }) => key === resource || uri === resource);
  const locked = opened.locked.resources.find(({ key }) => key === trusted?.key);
  return locked?.scopes.map(({ scope }) => scope) ?? [];
}
