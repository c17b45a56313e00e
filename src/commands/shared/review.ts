import { extname, resolve } from 'node:path';
import { parseDuration, toTimestamp } from '../../lib/clock.ts';
import { readTextIfThere, writeWhole } from '../../lib/files.ts';
import type { Io } from '../../lib/io.ts';
import type { Lock } from '../../model/agent.ts';
import { AgentIdError } from '../../model/error.ts';
import type { ReviewAgent, ReviewSheet } from '../../model/review.ts';
import { printable } from '../../output/error.ts';
import { renderReviewHtml } from '../../output/review-html.ts';
import { renderReviewCsv, renderReviewJson, renderReviewText } from '../../output/review-sheet.ts';
import { envelope } from '../../output/version.ts';
import { know, readUsage } from './agent-view.ts';
import { openLock, openProvider, pick } from './locked-agent.ts';
import { applyVerdicts, toVerdicts, type Verdict } from './review-apply.ts';
import { staleReviews } from './review-check.ts';
import { parseDecisions } from './review-decisions.ts';
import { askDecisions } from './review-interview.ts';

export interface ReviewOptions {
  readonly format: 'text' | 'json';
  readonly check?: boolean;
  readonly maxAge: string;
  readonly export: readonly string[];
  readonly decisions?: string;
  readonly reviewer?: string;
}

/** Checks, exports, or reviews: by a file, else by questions on a terminal; else it shows what there is to review. */
export async function runReview(ids: readonly string[], options: ReviewOptions, io: Io): Promise<void> {
  const { lock, root } = await openLock(io);
  for (const id of ids) pick(lock, id);
  const chosen = Object.entries(lock.agents).filter(([id]) => ids.length === 0 || ids.includes(id));
  const part = { ...lock, agents: Object.fromEntries(chosen) };
  if (options.check === true) {
    check(part, options, io);
    return;
  }
  await review({ lock: part, root }, options, io);
}

interface Reviewed {
  readonly lock: Lock;
  readonly root: string;
}

async function review({ lock, root }: Reviewed, options: ReviewOptions, io: Io): Promise<void> {
  const exports = options.export.map(toExport);
  const file = options.decisions === undefined ? undefined : await readDecisions(options.decisions, io);
  const sheet = await toSheet(lock, io);
  for (const { format, path } of exports)
    await writeWhole(resolve(io.cwd, path), renderers[format](sheet), 0o644);
  if (file === undefined && (exports.length > 0 || !io.interactive)) {
    if (exports.length === 0) show(sheet, options, io);
    io.stderr(
      'Nothing was reviewed. Fill in the decisions of an --export, and give it back: --decisions FILE\n',
    );
    return;
  }
  const verdicts = toVerdicts(sheet, file ?? (await askDecisions(sheet)));
  const by = options.reviewer ?? (await import('node:os')).userInfo().username;
  const done = await applyVerdicts(verdicts, { root, by }, io);
  if (options.format === 'json') io.stdout(`${JSON.stringify({ ...envelope, reviewed: done }, null, 2)}\n`);
  else for (const verdict of verdicts) io.stderr(`${printable(toLine(verdict))}\n`);
}

function show(sheet: ReviewSheet, { format }: ReviewOptions, io: Io): void {
  io.stdout(format === 'json' ? renderReviewJson(sheet) : renderReviewText(sheet));
}

const renderers = { csv: renderReviewCsv, json: renderReviewJson, html: renderReviewHtml } as const;

interface Export {
  readonly format: keyof typeof renderers;
  readonly path: string;
}

function toExport(text: string): Export {
  const [, named, rest] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  const format = named ?? extname(text).slice(1);
  const path = rest ?? text;
  if (format === 'csv' || format === 'json' || format === 'html') return { format, path };
  throw new AgentIdError('usage', '--export takes [FORMAT=]FILE, of csv, json or html', { where: text });
}

async function readDecisions(path: string, io: Io): Promise<ReturnType<typeof parseDecisions>> {
  const text = path === '-' ? await io.stdin() : await readTextIfThere(resolve(io.cwd, path));
  if (text !== undefined) return parseDecisions(text, path === '-' ? 'standard input' : path);
  throw new AgentIdError('unreadable', 'there is no such file of decisions', { where: path });
}

async function toSheet(lock: Lock, io: Io): Promise<ReviewSheet> {
  const agents: ReviewAgent[] = [];
  for (const [id, locked] of Object.entries(lock.agents)) {
    const agent = await know(id, locked, io);
    if (agent.problem !== null) io.stderr(`${printable(agent.problem)}\n`);
    const adapter = agent.problem === null ? await openProvider(locked, io) : undefined;
    const usage = await readUsage(agent, io, adapter);
    agents.push({
      id,
      displayName: agent.displayName,
      owner: agent.owner,
      idp: agent.idp,
      clientId: agent.clientId,
      flow: agent.flow,
      status: agent.status,
      reviewed: agent.reviewed ?? null,
      providerLog: usage.providerLog,
      logSince: usage.logSince,
      scopes: usage.scopes.map(({ uri, scope, evidence: [first], lastUsed }) => ({
        uri,
        scope,
        evidence: first === undefined ? null : `${first.path}:${first.line} ${first.call}`,
        lastUsed,
        decision: null,
      })),
    });
  }
  return { made: toTimestamp(io.clock()), agents };
}

function check(lock: Lock, { format, maxAge }: ReviewOptions, io: Io): void {
  const maxMs = parseDuration(maxAge);
  if (maxMs === undefined) throw new AgentIdError('usage', '--max-age takes a duration, as in 90d');
  const stale = staleReviews(lock, { now: io.clock(), maxMs });
  if (format === 'json') io.stdout(`${JSON.stringify({ ...envelope, stale }, null, 2)}\n`);
  else for (const { agent, why } of stale) io.stdout(`${printable(`${agent}  ${why}`)}\n`);
  if (stale.length === 0) return;
  io.stderr('Review them: agent-id agents review\n');
  io.exitCode = 1;
}

function toLine({ agent, decision, dropped }: Verdict): string {
  if (decision === 'keep') return `${agent.displayName} keeps all it has.`;
  if (decision === 'revoke') return `${agent.displayName} is revoked.`;
  return `${agent.displayName} has no longer: ${dropped.map(({ scope }) => scope).join(' ')}. A token that is out has it until it ends.`;
}
