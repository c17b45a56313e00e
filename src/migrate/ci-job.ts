import { lineBreakOf } from '../formats/lines.ts';
import type { Command, Slot } from '../model/facts.ts';
import type { Edit } from '../model/place.ts';
import type { EditContext, TouchedFile } from './edits.ts';
import { firstOfEach } from './part.ts';

const reason = 'the job gets tokens by the identity that its platform signs';

/** Says whether a file is a workflow of GitHub Actions. Its runners have Node, and nothing of ours. */
export function isWorkflow(path: string): boolean {
  return /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path);
}

/** Gives the words that start the vendored helper from where a step's command runs. */
export function vendoredProgram({ document }: TouchedFile, { slot = '' }: Command): readonly string[] {
  const { slots } = document.facts;
  const [job = ''] = /^jobs\.[^.]+/.exec(slot) ?? [];
  const places = [slot.replace(/\.run$/, ''), `${job}.defaults.run`, 'defaults.run'];
  const moves =
    slots.some(({ path }) => places.some((place) => path === `${place}.working-directory`)) ||
    slots.some(({ path, value }) => path === slot && /(^|[\n;&|(])\s*(cd|pushd)\s/.test(value));
  return ['node', moves ? '"$GITHUB_WORKSPACE/agent-id/helper.mjs"' : 'agent-id/helper.mjs'];
}

/** Tells whether a command runs under `agent-id exec` already, by the program or by the vendored helper. */
export function isUnderExec({ argv }: Command): boolean {
  return argv[0] === 'agent-id' || (argv[0] === 'node' && argv[1]?.endsWith('agent-id/helper.mjs') === true);
}

interface JobEdits {
  readonly edits: readonly Edit[];
  /** Entries of the old secret, and the issuer that takes their place. */
  readonly replaced: ReadonlyMap<Slot, string>;
}

/**
 * Lets a workflow's jobs use the token of their platform: `permissions: id-token: write`, and the issuer in place of
 * the secret. Takes no permission away and adds no other one.
 */
export function toJobEdits(file: TouchedFile, gone: readonly Slot[], context: EditContext): JobEdits {
  const { platformIssuer } = context;
  const jobs = file.agents.flatMap(({ consumer }) => /^ci-job:.*#(.+)$/.exec(consumer)?.[1] ?? []);
  if (platformIssuer === undefined || !isWorkflow(file.path)) return { edits: [], replaced: new Map() };
  const replaced = firstOfEach(gone.filter(({ path }) => isEnv(path)));
  const issuers = replaced.map((slot) => [slot, `AGENT_ID_ISSUER: ${platformIssuer}`] as const);
  return { edits: jobs.flatMap((job) => permissionEdits(file, job)), replaced: new Map(issuers) };
}

function isEnv(path: string): boolean {
  return /^(jobs\.[^.]+\.(steps\[\d+\]\.)?)?env\.[^.]+$/.test(path);
}

function permissionEdits(file: TouchedFile, job: string): readonly Edit[] {
  const { document, text } = file;
  const own = permissionsAt(document.facts.slots, `jobs.${job}.permissions`);
  const shared = permissionsAt(document.facts.slots, 'permissions');
  const nearest = own.length > 0 ? own : shared;
  if (nearest.some(({ name, value }) => value === 'write-all' || (name === 'id-token' && value === 'write')))
    return [];
  // `read-all` and `{}` of a job leave no place for one more entry, and to write them anew could take some away.
  if (nearest.some(({ value }) => value === 'read-all') || /^\s+permissions:\s*\{\s*\}/m.test(text))
    return [];
  const last = own.at(-1);
  if (last !== undefined && isOnOneLine(text, last)) {
    const { end } = last.span;
    return [{ span: { start: end, end }, text: ', id-token: write', reason }];
  }
  if (last !== undefined) return [document.insertEntry(last, 'id-token', 'write', reason)];
  return belowJob(file, job, shared);
}

function isOnOneLine(text: string, { entry }: Slot): boolean {
  return text.slice(text.lastIndexOf('\n', entry.start), entry.start).includes('{');
}

/** The entries of one map of permissions, or the word that stands in its place. */
function permissionsAt(slots: readonly Slot[], path: string): readonly Slot[] {
  return slots.filter((slot) => slot.path === path || slot.path.startsWith(`${path}.`));
}

/** A job's own permissions replace those of the workflow: they are repeated. */
function belowJob({ text }: TouchedFile, job: string, shared: readonly Slot[]): readonly Edit[] {
  const isNone = /^permissions:\s*\{\s*\}/m.test(text);
  // What the repository gives a job by default is not known; one that uses its token may need more than to read.
  if (shared.length === 0 && !isNone && /GITHUB_TOKEN|github\.token/.test(text)) return [];
  const after = text.search(/^jobs:/m);
  const header = new RegExp(`^[ ]+${job}:[ ]*(#.*)?\\r?\\n`, 'm').exec(text.slice(Math.max(0, after)));
  if (after === -1 || header === null) return [];
  const at = after + header.index + header[0].length;
  const [, indent = ''] = /^(?:\s*#.*\r?\n)*([ ]+)/.exec(text.slice(at)) ?? [];
  const kept = shared.map(({ name, value }) => `${name}: ${value}`);
  const entries = [...(shared.length > 0 || isNone ? kept : ['contents: read']), 'id-token: write'];
  const lines = [`${indent}permissions:`, ...entries.map((entry) => `${indent}  ${entry}`)];
  const end = lineBreakOf(text);
  return [{ span: { start: at, end: at }, text: lines.map((line) => `${line}${end}`).join(''), reason }];
}
