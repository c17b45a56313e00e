import { randomBytes } from 'node:crypto';
import { applyEdits, confirmEdits } from '../formats/index.ts';
import type { IdpAdapter } from '../idp/types.ts';
import { lockName } from '../lib/lock-file.ts';
import type { Grant, Lock } from '../model/agent.ts';
import type { MappedSecret } from '../model/consumer.ts';
import { AgentIdError } from '../model/error.ts';
import type { Plan, PlannedAgent, PlannedFile, PlannedSecret } from '../model/plan.ts';
import { toGaps } from '../plan/gaps.ts';
import type { NewContent } from './apply.ts';
import { bindSecret } from './bind.ts';
import { draftSecret, type Draft, type DraftInput } from './draft.ts';
import type { Edit } from '../model/place.ts';
import type { FileEdits } from './edits.ts';
import { toHelperFiles, type HelperFile, type HelperSource } from './helper-files.ts';
import { toLockContent } from './lock-update.ts';
import { bytesOf, sha256, targetOf } from './swap.ts';

export interface PrepareInput extends DraftInput {
  readonly secrets: readonly MappedSecret[];
  readonly lock: Lock;
  readonly adapter: IdpAdapter;
  /** The provider's ids that the person chose, by fingerprint. */
  readonly handles: Readonly<Record<string, string>>;
  readonly helperSource: HelperSource;
  /** Files that are created beside: the settings file with its salt. */
  readonly extraFiles: readonly { readonly path: string; readonly text: string; readonly why: string }[];
}

/** A plan and what it needs to be applied. Old contents go to the state folder only. */
export interface Prepared {
  readonly plan: Plan;
  readonly contents: readonly NewContent[];
  readonly before: readonly (Uint8Array | null)[];
  /** Old and new text of each changed file, for the diff. */
  readonly texts: readonly ChangedText[];
}

export interface ChangedText {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly edits: readonly Edit[];
  readonly parts: readonly FileEdits[];
}

/** Makes an id for a transaction: short, and usable as a file name and as a marker at the provider. */
export function newTransactionId(): string {
  return `tx-${randomBytes(6).toString('hex')}`;
}

/** Works out a whole migration without doing any of it. Reads files and asks the provider; writes nothing. */
export async function prepareMigration(input: PrepareInput): Promise<Prepared> {
  const drafts: Draft[] = [];
  for (const secret of input.secrets) drafts.push(await draftSecret(secret, input));
  const texts = await changedTexts(drafts);
  const moved = drafts.flatMap((draft) => (draft.isWhole ? [draft.secret] : []));
  await assertNothingLeft(texts, moved, input);
  const helpers = await toHelperFiles(
    drafts.flatMap((draft) => draft.files),
    input.helperSource,
  );
  const outline = {
    idp: {
      name: input.adapter.trust.name,
      type: input.adapter.trust.type,
      issuer: input.adapter.trust.issuer,
    },
    secrets: await boundSecrets(drafts, input),
    agents: await withChanges(united(drafts.flatMap((draft) => draft.agents)), input.adapter),
  };
  const lock = toLockContent({ lock: input.lock, plan: outline, ...rewritten(drafts, helpers) });
  const entries = outline.agents.length === 0 ? [] : await fileEntries(input, { texts, helpers, lock });
  return {
    plan: {
      id: input.context.id,
      ...outline,
      gaps: toGaps(
        input.adapter.capabilities,
        outline.agents.map((agent) => agent.actsFor),
      ),
      files: entries.map((entry) => entry.file),
      manual: drafts.flatMap((draft) => draft.manual),
    },
    contents: entries.map((entry) => entry.content),
    before: entries.map((entry) => entry.before),
    texts,
  };
}

async function boundSecrets(drafts: readonly Draft[], input: PrepareInput): Promise<PlannedSecret[]> {
  const bound: PlannedSecret[] = [];
  for (const { secret, agents } of drafts) {
    if (agents.length > 0) bound.push(await bindSecret(secret, input.adapter, input.handles[secret.secret]));
  }
  return bound;
}

/** A consumer of two secrets is one agent: it is registered with what both reach. */
function united(agents: readonly PlannedAgent[]): readonly PlannedAgent[] {
  return agents.map((agent) => {
    const alike = agents.filter(({ spec }) => spec.id === agent.spec.id);
    if (alike.length === 1) return agent;
    const grants = new Map<string, Grant>();
    for (const grant of alike.flatMap(({ spec }) => spec.grants)) {
      const known = grants.get(grant.uri);
      const scopes = [...new Set([...(known?.scopes ?? []), ...grant.scopes])];
      const operations = [...new Set([...(known?.operations ?? []), ...(grant.operations ?? [])])];
      const areKnown =
        grant.operations !== undefined && (known === undefined || known.operations !== undefined);
      const { operations: _all, ...rest } = grant;
      grants.set(grant.uri, { ...rest, scopes, ...(areKnown ? { operations } : {}) });
    }
    return { ...agent, spec: { ...agent.spec, grants: [...grants.values()] } };
  });
}

async function withChanges(agents: readonly PlannedAgent[], adapter: IdpAdapter): Promise<PlannedAgent[]> {
  const changed: PlannedAgent[] = [];
  for (const agent of agents) {
    const change = await adapter.plan(agent.spec);
    changed.push({ ...agent, change: change.kind, changeLines: change.lines });
  }
  return changed;
}

/** Splices all edits of a file, parses the result again and confirms that only the intended things changed. */
async function changedTexts(drafts: readonly Draft[]): Promise<ChangedText[]> {
  const byPath = new Map<string, FileEdits[]>();
  for (const file of drafts.flatMap((draft) => draft.files)) {
    byPath.set(file.path, [...(byPath.get(file.path) ?? []), file]);
  }
  const texts: ChangedText[] = [];
  for (const [path, parts] of byPath) {
    const before = parts[0]?.before ?? '';
    const edits = onceEach(parts.flatMap((part) => part.edits));
    const after = applyEdits(before, edits);
    await confirmEdits(path, before, after, edits);
    texts.push({ path, before, after, edits, parts });
  }
  return texts;
}

/** Two secrets may ask for the same change of a value that both need, such as a base URL; what is put in front stays. */
function onceEach(edits: readonly Edit[]): readonly Edit[] {
  const known = new Set<string>();
  return edits.filter(({ span: { start, end }, text }) => {
    const same = `${start} ${end} ${text}`;
    if (start < end && known.has(same)) return false;
    known.add(same);
    return true;
  });
}

async function assertNothingLeft(
  texts: readonly ChangedText[],
  secrets: readonly MappedSecret[],
  input: PrepareInput,
): Promise<void> {
  const left = await input.rescan(new Map(texts.map((text) => [text.path, text.after])), secrets);
  if (left.length > 0) {
    throw new AgentIdError('conflict', 'a rewritten file would still hold the old secret', {
      where: left.join(', '),
      hint: 'Nothing was changed. Leave this consumer out (--only), and please report it.',
    });
  }
}

function rewritten(
  drafts: readonly Draft[],
  helpers: readonly HelperFile[],
): { readonly rewritten: ReadonlySet<string>; readonly helperSha256: ReadonlyMap<string, string> } {
  const open = new Set(drafts.flatMap((draft) => draft.manual.flatMap((step) => step.agent ?? [])));
  const ids = drafts
    .flatMap((draft) => draft.agents.map((agent) => agent.spec.id))
    .filter((id) => !open.has(id));
  const main = helpers.filter((helper) => !helper.path.endsWith('.d.mts'));
  return {
    rewritten: new Set(ids),
    helperSha256: new Map(
      main.flatMap((helper) => helper.agents.map((agent) => [agent, sha256(helper.text)] as const)),
    ),
  };
}

interface Entry {
  readonly file: PlannedFile;
  readonly content: NewContent;
  readonly before: Uint8Array | null;
}

interface EntryInput {
  readonly texts: readonly ChangedText[];
  readonly helpers: readonly HelperFile[];
  readonly lock: NewContent;
}

async function fileEntries(input: PrepareInput, { texts, helpers, lock }: EntryInput): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { path, after, edits: unsorted, parts } of texts) {
    const edits = unsorted.toSorted((a, b) => a.span.start - b.span.start);
    const agents = [...new Set(parts.flatMap((part) => part.agents))];
    const why = [...new Set(parts.map((part) => part.why))].join('; ');
    entries.push(await entry(input.root, path, after, { tier: parts[0]?.tier ?? null, agents, edits, why }));
  }
  for (const { path, text, agents } of helpers) {
    const facts = {
      tier: null,
      agents,
      edits: [],
      why: 'the helper: standard library only, checksum in the lock',
    };
    entries.push(await entry(input.root, path, text, facts));
  }
  for (const { path, text, why } of input.extraFiles) {
    entries.push(await entry(input.root, path, text, { tier: null, agents: [], edits: [], why }));
  }
  const facts = {
    tier: null,
    agents: [],
    edits: [],
    why: 'which agent is which application, with evidence; no secret',
  };
  entries.push(await entry(input.root, lockName, lock, facts));
  return entries;
}

async function entry(
  root: string,
  path: string,
  content: NewContent,
  facts: Pick<PlannedFile, 'tier' | 'agents' | 'edits' | 'why'>,
): Promise<Entry> {
  const before = await bytesOf(await targetOf(root, path));
  // The lock file's last words come from the provider: its hash is fixed when it is staged.
  const post = typeof content === 'string' ? content : content(new Map());
  const file = {
    path,
    preSha256: before === null ? null : sha256(before),
    postSha256: sha256(post),
    ...facts,
  };
  return { file, content, before };
}
