import { resolve } from 'node:path';
import { readDefaultSubject, parseSubject } from './subject.ts';
import type { OpenAgent, Subject } from './open.ts';
import { readDescriptor, readText } from '../lib/descriptor.ts';
import type { Io } from '../lib/io.ts';
import { AgentIdError } from '../model/error.ts';

/** For whom a token is, as flags. None: the user who signed in. */
export interface SubjectOptions {
  readonly asAgent?: boolean;
  readonly subjectFile?: string;
  readonly subjectFd?: string;
}

/** Reads the subject that the flags name. A token never comes by argument or environment value. */
export async function readSubject(opened: OpenAgent, options: SubjectOptions, io: Io): Promise<Subject> {
  const { asAgent, subjectFile, subjectFd } = options;
  const given = [asAgent === true, subjectFile !== undefined, subjectFd !== undefined];
  if (given.filter(Boolean).length > 1) {
    throw new AgentIdError('usage', '--as-agent, --subject-file and --subject-fd exclude each other');
  }
  if (asAgent === true) return 'itself';
  if (subjectFile === '-') return parseSubject(await io.stdin());
  if (subjectFile !== undefined) return parseSubject(await readText(resolve(io.cwd, subjectFile)));
  if (subjectFd === undefined) return readDefaultSubject(opened, io.env, { clock: io.clock });
  if (!/^\d{1,4}$/.test(subjectFd)) throw new AgentIdError('usage', '--subject-fd takes a number');
  return parseSubject(await readDescriptor(Number(subjectFd)));
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
