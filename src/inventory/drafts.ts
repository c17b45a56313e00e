import { codeDrafts, folderDraft } from './code-drafts.ts';
import { byText, isCode, joinDrafts, type Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import type { SecretGroup } from './group.ts';
import { workFolders } from './invocations.ts';
import { baseOf, folderOf, joinPath } from './paths.ts';
import type { Place } from './places.ts';
import { serviceOf } from './services.ts';
import { terraformDrafts } from './terraform.ts';
import { activities, workloadDraft, type Activity } from './workload-drafts.ts';

/** Finds every consumer of one secret: code, then what configuration runs, then configuration that nobody explains. */
export function toDrafts(group: SecretGroup, places: readonly Place[], estate: Estate): readonly Draft[] {
  const active = activities(group, places, estate);
  const drafts = new Map<string, Draft>();
  const add = (draft: Draft): void => {
    const known = drafts.get(draft.id);
    drafts.set(draft.id, known === undefined ? draft : joinDrafts(known, draft));
  };
  for (const draft of codeDrafts(places, active, estate)) add(draft);
  for (const one of active.filter(({ workload }) => workload.kind === 'container'))
    add(containerDraft(one, drafts, estate));
  for (const one of active.filter(({ workload }) => workload.kind !== 'container'))
    add(workloadDraft(one, estate));
  for (const draft of terraformDrafts(group, places, estate)) add(draft);
  joinCallers(drafts);
  joinTerraform(drafts, estate);
  const covered = new Set([...drafts.values()].flatMap((draft) => draft.places));
  for (const draft of leftovers(places, covered, estate)) add(draft);
  return [...drafts.values()].sort((a, b) => byText(a.id, b.id));
}

/** A container that is built from a folder of code is that code; one of an image is a consumer by itself. */
function containerDraft(one: Activity, drafts: ReadonlyMap<string, Draft>, estate: Estate): Draft {
  const draft = workloadDraft(one, estate);
  const { folder } = one.workload;
  if (folder === undefined) return draft;
  const inner = serviceOf(estate.services, folder === '' ? 'Dockerfile' : `${folder}/Dockerfile`);
  const known = [...drafts.values()].find(
    (other) => other.kind === 'code' && other.id === `code:${inner === '' ? '.' : inner}`,
  );
  if (known !== undefined) return { ...joinDrafts(known, { ...draft, files: [] }), workload: one.workload };
  const code = folderDraft(inner, estate, draft.main);
  return code === undefined
    ? draft
    : { ...joinDrafts(code, { ...draft, files: [] }), workload: one.workload };
}

/** A job that only calls another workflow is its wrapper: the called job is the consumer. */
function joinCallers(drafts: Map<string, Draft>): void {
  const all = [...drafts.values()];
  for (const draft of all) {
    const called = (draft.workload?.calls ?? []).filter((path) => /\.ya?ml$/.test(path));
    const inner = all.filter(
      (other) =>
        other !== draft &&
        other.kind === 'ci-job' &&
        called.includes(other.workload?.source.facts.path ?? ''),
    );
    if (inner.length === 0) continue;
    drafts.delete(draft.id);
    for (const other of inner) drafts.set(other.id, joinDrafts(other, { ...draft, files: [] }));
  }
}

/** A job that runs Terraform in a folder is the consumer, and the module there a part of it. */
function joinTerraform(drafts: Map<string, Draft>, estate: Estate): void {
  const all = [...drafts.values()];
  for (const job of all.filter((draft) => draft.kind === 'ci-job' || draft.kind === 'script')) {
    const folders = terraformFolders(job, estate);
    for (const module of all.filter((draft) => draft.kind === 'terraform')) {
      const folder = module.id.replace(/^terraform:\.?/, '');
      if (!folders.has(folder)) continue;
      drafts.set(job.id, joinDrafts(drafts.get(job.id) ?? job, module));
      drafts.delete(module.id);
    }
  }
}

function terraformFolders(job: Draft, estate: Estate): ReadonlySet<string> {
  const own = (job.workload?.commands ?? []).map((command) => ({
    command,
    folders: job.workload === null ? [] : workFolders(job.workload, command),
  }));
  const scripts = job.files.flatMap((path) =>
    (estate.sources.get(path)?.facts.commands ?? []).map((command) => ({
      command,
      folders: [folderOf(path)],
    })),
  );
  const folders = new Set<string>();
  for (const { command, folders: from } of [...own, ...scripts]) {
    if (baseOf(command.argv[0] ?? '') !== 'terraform') continue;
    const chdir = command.argv.flatMap((word) => /^-chdir=(.+)$/.exec(word)?.[1] ?? []);
    for (const folder of [...chdir, ...from]) folders.add(joinPath('', folder) ?? folder);
    if (chdir.length + from.length === 0) folders.add('');
  }
  return folders;
}

/** Reads in configuration that belong to nothing that we know to run. Places that only store are no consumers. */
function leftovers(places: readonly Place[], covered: ReadonlySet<Place>, estate: Estate): readonly Draft[] {
  const coveredLines = new Set(
    [...covered].map((place) => `${place.location.path}:${place.location.startLine}`),
  );
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const { path, startLine } = place.location;
    if (coveredLines.has(`${path}:${startLine}`) || isIdle(path)) continue;
    if (isStore(place, estate) || isCode(estate.sources.get(path))) continue;
    groups.set(path, [...(groups.get(path) ?? []), place]);
  }
  return [...groups].flatMap(([path, own]) => {
    const [main] = own;
    if (main === undefined) return [];
    return [
      {
        id: `config:${path}`,
        kind: 'config' as const,
        name: baseOf(path).replace(/^\./, '').replaceAll('.', '-') || baseOf(folderOf(path)),
        places: own,
        files: [],
        workload: null,
        main,
        confidence: 'unknown' as const,
        how: 'env' as const,
        notes: [
          {
            path,
            line: main.location.startLine,
            why: 'this file names the secret, and what reads the file is not known',
          },
        ],
      },
    ];
  });
}

/** GitHub runs only the workflows that lie directly in the folder. */
export function isIdle(path: string): boolean {
  return /(^|\/)\.github\/workflows\/.+\/[^/]+$/.test(path);
}

/** A value in a file is stored there; `.env` and its like only store. */
function isStore(place: Place, estate: Estate): boolean {
  return place.literal || estate.sources.get(place.location.path)?.facts.format === 'env';
}
