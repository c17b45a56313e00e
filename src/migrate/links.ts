import { dirname, join, posix } from 'node:path';
import { parseFile } from '../formats/index.ts';
import type { ChangedSignature, Entering, Given, Imported } from '../formats/types.ts';
import { readTextIfThere } from '../lib/files.ts';
import type { Call } from '../model/facts.ts';
import { toLine } from '../model/place.ts';
import type { ManualStep } from '../model/plan.ts';
import type { FileEdits, TouchedFile } from './edits.ts';
import { mentionsModule, toSteps, type Other } from './beside.ts';
import { afterEdits, whyFieldRead } from './field-reads.ts';

interface Tree {
  readonly root: string;
  readonly paths: readonly string[];
}

/**
 * Adds the files that code gives the secret to, with the parameters that take it. Gives back the same list where there
 * is nothing new.
 */
export async function followGiven(
  files: readonly TouchedFile[],
  changed: readonly FileEdits[],
  tree: Tree,
): Promise<readonly TouchedFile[]> {
  let all = files;
  for (const file of changed) {
    const agents = files.find((one) => one.path === file.path)?.agents ?? [];
    for (const { path, entering } of await handedOn(file, changed, tree)) {
      const known = all.find((one) => one.path === path);
      const next = withEntering(known ?? (await openFile(path, tree)), entering, agents);
      if (next !== undefined) all = [...all.filter((one) => one !== known), next];
    }
  }
  return all;
}

interface HandedOn {
  readonly path: string;
  readonly entering: Entering | Imported;
}

/** What other files must be told of one file's edits: what it gives them, what they import, types that they declare. */
async function handedOn(
  file: FileEdits,
  changed: readonly FileEdits[],
  tree: Tree,
): Promise<readonly HandedOn[]> {
  const { gives = [], exposes = [], types = [] } = file.links ?? {};
  const given = gives.flatMap((one): readonly HandedOn[] => {
    const path = resolveModule(file.path, one.module, tree.paths);
    return path === undefined || isTaken(one, path, changed) ? [] : [{ path, entering: one }];
  });
  const typed = types.flatMap((one): readonly HandedOn[] => {
    const path = one.module === null ? undefined : resolveModule(file.path, one.module, tree.paths);
    return path === undefined ? [] : [{ path, entering: { ...one, module: null } }];
  });
  const imported = exposes.length === 0 ? [] : await importersOf(file.path, tree);
  const read = imported.flatMap(({ path, module }) =>
    exposes.map((one): HandedOn => ({ path, entering: { ...one, module } })),
  );
  return [...given, ...typed, ...read];
}

/** The files that import a file, with the name that each has for it. */
async function importersOf(
  path: string,
  tree: Tree,
): Promise<readonly { readonly path: string; readonly module: string }[]> {
  const found: { readonly path: string; readonly module: string }[] = [];
  for (const other of await sameLanguage(path, tree)) {
    if (!mentionsModule(other, path)) continue;
    const facts = (await parseFile(other.text, other.path))?.facts;
    const modules = new Set((facts?.imports ?? []).map((one) => one.module));
    for (const module of modules) {
      if (resolveModule(other.path, module, tree.paths) === path) found.push({ path: other.path, module });
    }
  }
  return found;
}

function withEntering(
  file: TouchedFile | undefined,
  entering: Entering | Imported,
  agents: TouchedFile['agents'],
): TouchedFile | undefined {
  const key = keyOf(entering);
  const isKnown = file?.entering.some((one) => keyOf(one) === key);
  if (file === undefined || isKnown === true) return undefined;
  return {
    ...file,
    agents: [...new Set([...file.agents, ...agents])],
    entering: [...file.entering, entering],
  };
}

function keyOf(entering: Entering | Imported): string {
  const { name } = entering;
  if ('argument' in entering) return JSON.stringify([name, entering.argument, entering.index]);
  return JSON.stringify([name, entering.module, entering.path]);
}

async function openFile(path: string, { root }: Tree): Promise<TouchedFile | undefined> {
  const text = (await readTextIfThere(join(root, path))) ?? '';
  const document = await parseFile(text, path);
  if (document === undefined) return undefined;
  return { path, text, document, agents: [], staying: [], literals: [], entering: [] };
}

function isTaken({ name, argument }: Given, path: string, changed: readonly FileEdits[]): boolean {
  const signatures = changed.find((one) => one.path === path)?.links?.changed ?? [];
  return signatures.some(
    (one) => one.name === name && (typeof argument === 'number' ? one.index : one.parameter) === argument,
  );
}

/** Finds the file of the tree that an import names. */
function resolveModule(from: string, module: string, paths: readonly string[]): string | undefined {
  const own = paths.filter((path) => languageOf(path) === languageOf(from));
  if (from.endsWith('.py')) return resolvePython(from, module, own);
  const alias = /^[@~]\/(.+)$/.exec(module)?.[1];
  if (alias !== undefined) return resolveAlias(alias, own);
  if (!module.startsWith('.')) return undefined;
  const base = posix.join(dirname(from), module);
  const stem = base.replace(/\.[cm]?[jt]sx?$/, '');
  return (
    own.find((path) => path === base) ??
    own.find((path) => path.replace(/\.[cm]?[jt]sx?$/, '') === stem) ??
    own.find((path) => path.replace(/\/index\.[cm]?[jt]sx?$/, '') === base)
  );
}

/** `@/server/config` is below the folder of sources, wherever that is: only one file may fit. */
function resolveAlias(alias: string, own: readonly string[]): string | undefined {
  const fitting = own.filter((path) => {
    const stem = path.replace(/(\/index)?\.[cm]?[jt]sx?$/, '');
    return stem === alias || stem.endsWith(`/${alias}`);
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** A relative import from its folder; an absolute one beside the file, at the top, or below any folder on the path. */
function resolvePython(from: string, module: string, own: readonly string[]): string | undefined {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const base = module.slice(dots).replaceAll('.', '/');
  const folder = posix.join(dirname(from), '../'.repeat(Math.max(dots - 1, 0)));
  for (const name of [`${base}.py`, `${base}/__init__.py`]) {
    const near = own.find((path) => path === posix.join(folder, name));
    const far = dots > 0 ? undefined : own.find((path) => path === name || path.endsWith(`/${name}`));
    if (near !== undefined || far !== undefined) return near ?? far;
  }
  return undefined;
}

const languages = [/\.[cm]?[jt]sx?$/, /\.py$/, /\.go$/];

function languageOf(path: string): number {
  return languages.findIndex((one) => one.test(path));
}

/**
 * Says where files do not fit together after their edits: something is given to code that still wants it, is called
 * elsewhere with another token, or reads a name that is gone.
 */
export async function whyLinked(changed: readonly FileEdits[], tree: Tree): Promise<readonly ManualStep[]> {
  const steps: ManualStep[] = [];
  for (const file of changed) {
    steps.push(...whyGiven(file, changed, tree));
    const { changed: signatures = [], dropped = [] } = file.links ?? {};
    if (signatures.length + dropped.length === 0) continue;
    const flags = dropped.filter((name) => name.startsWith('-'));
    for (const other of flags.length === 0 ? [] : await commandFiles(tree)) {
      steps.push(...flags.flatMap((flag) => whyStarted(file, flag, other)));
    }
    for (const other of await sameLanguage(file.path, tree)) {
      if (file.together?.includes(other.path) === true) continue;
      steps.push(...(await whyCalled(file, signatures, other, changed)), ...whyRead(file, dropped, other));
      steps.push(...whyFieldRead(file, dropped, afterEdits(other, changed)));
    }
  }
  return steps;
}

function whyGiven(file: FileEdits, changed: readonly FileEdits[], tree: Tree): readonly ManualStep[] {
  return (file.links?.gives ?? []).flatMap((given) => {
    const path = resolveModule(file.path, given.module, tree.paths);
    if (path !== undefined && isTaken(given, path, changed)) return [];
    const where = path ?? `${given.module}, which is not in this tree`;
    const line = file.before.slice(0, given.span.start).split('\n').length;
    return toSteps(file, { path: file.path, line }, `it is given to ${given.name} of ${where}`);
  });
}

function sameLanguage(from: string, { root, paths }: Tree): Promise<readonly Other[]> {
  return readAll(
    root,
    paths.filter((path) => path !== from && languageOf(path) === languageOf(from)),
  );
}

function readAll(root: string, paths: readonly string[]): Promise<readonly Other[]> {
  return Promise.all(
    paths.map(async (path) => ({ path, text: (await readTextIfThere(join(root, path))) ?? '' })),
  );
}

async function whyCalled(
  file: FileEdits,
  signatures: readonly ChangedSignature[],
  other: Other,
  changed: readonly FileEdits[],
): Promise<readonly ManualStep[]> {
  const named = signatures.filter((one) => new RegExp(`\\b${one.name}\\b`).test(other.text));
  if (named.length === 0 || !mentionsModule(other, file.path)) return [];
  const facts = (await parseFile(other.text, other.path))?.facts;
  const gives = changed.find((one) => one.path === other.path)?.links?.gives ?? [];
  return (facts?.calls ?? []).flatMap((call) => {
    const signature = named.find((one) => call.callee === one.name || call.callee.endsWith(`.${one.name}`));
    if (signature === undefined || !givesArgument(call, signature)) return [];
    if (gives.some((one) => one.span.start >= call.span.start && one.span.end <= call.span.end)) return [];
    const line = toLine(facts?.lineStarts ?? [0], call.span.start);
    return toSteps(
      file,
      { path: other.path, line },
      `${signature.name} of ${file.path} gets a token here that is not known to be the same`,
    );
  });
}

function givesArgument({ args }: Call, { parameter, index }: ChangedSignature): boolean {
  if (args.some((one) => one.name === parameter)) return true;
  return args.filter((one) => one.name === null).length > index;
}

function whyRead(file: FileEdits, dropped: readonly string[], other: Other): readonly ManualStep[] {
  if (!mentionsModule(other, file.path)) return [];
  const names = dropped.filter((name) => !/^[-.]/.test(name));
  return names.flatMap((name) => {
    const found = new RegExp(`(?<![\\w"'])${name}(?![\\w"'])`).exec(other.text);
    if (found === null) return [];
    const line = other.text.slice(0, found.index).split('\n').length;
    return toSteps(
      file,
      { path: other.path, line },
      `${name} of ${file.path} is read here, and that is not followed`,
    );
  });
}

/** Where commands stand that may start a program. */
function commandFiles({ root, paths }: Tree): Promise<readonly Other[]> {
  const own = paths.filter((path) =>
    /\.(sh|bash|ya?ml|json|toml|mk|service)$|(^|\/)(Makefile|Justfile|Procfile|Dockerfile|crontab)/.test(
      path,
    ),
  );
  return readAll(root, own);
}

/** One command, over lines that end with a backslash. */
function whyStarted(file: FileEdits, flag: string, { path, text }: Other): readonly ManualStep[] {
  const name = posix.basename(file.path).replaceAll('.', '\\.');
  const found = new RegExp(`\\b${name}\\b(?:[^\\n\\\\]|\\\\\\r?\\n|\\\\.)*?\\s${flag}\\b`).exec(text);
  if (found === null) return [];
  const line = text.slice(0, found.index).split('\n').length;
  return toSteps(file, { path, line }, `${file.path} is started here with ${flag}, which would be gone`);
}
