import type { ConsumerKind } from '../model/consumer.ts';
import type { Command } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import { baseOf, folderOf, stemOf } from './paths.ts';
import { buildFolder } from './services.ts';
import type { SourceFile } from './types.ts';

/** Something that configuration says will run: a job, a cron line, a container, an MCP server. */
export interface Workload {
  readonly id: string;
  readonly kind: ConsumerKind;
  readonly name: string;
  readonly source: SourceFile;
  readonly span: Span;
  /** Key path below which all belongs to it; '' for the whole file. */
  readonly prefix: string;
  /** Key paths of the file that every workload in it inherits. */
  readonly shared: readonly string[];
  readonly commands: readonly Command[];
  /** Folder whose code it runs. */
  readonly folder?: string;
  /** Files that it names without a command: local actions, called workflows. */
  readonly calls: readonly string[];
}

/** Reads the workloads of one file of configuration. */
export function toWorkloads(source: SourceFile): readonly Workload[] {
  const { path, format } = source.facts;
  const name = baseOf(path).toLowerCase();
  if (format === 'crontab') return cronLines(source);
  if (format === 'dockerfile') return [dockerfile(source)];
  if (format === 'json') return name === 'package.json' ? npmScripts(source) : mcpServers(source);
  if (format !== 'yaml') return [];
  if (/(^|\/)\.(github|gitea|forgejo)\/workflows\/[^/]+$/.test(path))
    return jobs(source, 'jobs', ['env', 'defaults']);
  if (/^\.?gitlab-ci.*\.ya?ml$/.test(name))
    return jobs(source, '', ['variables', 'default', 'before_script']);
  if (path.includes('.circleci/')) return jobs(source, 'jobs', ['commands']);
  if (/compose.*\.ya?ml$/.test(name)) return composeServices(source);
  return kubernetes(source);
}

/** Gives the keys directly below a key path that open a map or a list; quoted as key paths quote them. */
function childKeys(source: SourceFile, parent: string): readonly Child[] {
  const children = new Map<string, Child>();
  const all = [
    ...source.facts.slots.map((slot) => slot.path),
    ...source.facts.commands.flatMap((command) => command.slot ?? []),
    ...source.facts.uses.flatMap((use) => use.slot ?? []),
  ];
  for (const path of all) {
    if (!path.startsWith(parent)) continue;
    const rest = path.slice(parent.length);
    const plain = (parent === '' ? /^([^.[]+)(?=[.[])/ : /^\.([^.[]+)(?=[.[]|$)/).exec(rest);
    const match = plain ?? /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest);
    if (match?.[1] !== undefined) children.set(match[1], { key: match[1], path: `${parent}${match[0]}` });
  }
  return [...children.values()];
}

interface Child {
  readonly key: string;
  readonly path: string;
}

function firstSpan(source: SourceFile, prefix: string): Span {
  const { slots, commands } = source.facts;
  const spans = [
    ...slots.filter((slot) => isBelowKey(slot.path, prefix)).map((slot) => slot.entry),
    ...commands.filter((command) => isBelowKey(command.slot ?? '', prefix)).map((command) => command.span),
  ];
  return spans.sort((a, b) => a.start - b.start)[0] ?? { start: 0, end: 0 };
}

function isBelowKey(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

function below(source: SourceFile, prefix: string): readonly Command[] {
  return source.facts.commands.filter((command) => isBelowKey(command.slot ?? '', prefix));
}

const notJobs = new Set([
  'stages',
  'variables',
  'default',
  'include',
  'workflow',
  'image',
  'cache',
  'before_script',
]);

function jobs(source: SourceFile, parent: string, shared: readonly string[]): readonly Workload[] {
  const { path, slots } = source.facts;
  return childKeys(source, parent)
    .filter(({ key }) => parent !== '' || !notJobs.has(key))
    .map(({ key, path: prefix }) => {
      return {
        id: `ci-job:${path}#${key}`,
        kind: 'ci-job',
        name: jobName(key, path),
        source,
        span: firstSpan(source, prefix),
        prefix,
        shared,
        commands: below(source, prefix),
        calls: slots.flatMap((slot) =>
          isBelowKey(slot.path, prefix) && slot.path.endsWith('.uses') && slot.value.startsWith('./')
            ? [slot.value.slice(2)]
            : [],
        ),
      };
    });
}

/** `build` and `run` say nothing; the workflow's own name does. */
function jobName(key: string, path: string): string {
  if (!/^(build|test|tests|run|main|job|deploy|release|lint|ci|check|start|default)$/i.test(key)) return key;
  const stem = stemOf(path);
  return stem.toLowerCase().includes(key.toLowerCase()) ? stem : `${stem}-${key}`;
}

/** A line may run several commands; it is one workload, named after its script. */
function cronLines(source: SourceFile): readonly Workload[] {
  const prefixes = new Set(
    source.facts.commands.flatMap((command) => /^jobs\[\d+\]/.exec(command.slot ?? '')?.[0] ?? []),
  );
  const lines = [...prefixes].map((prefix) => {
    const commands = below(source, prefix);
    const words = commands.flatMap((command) => command.argv);
    const script = words.findLast((word) => /[\w-]+\.(sh|bash|py|m?js|ts|rb|pl|php)$/.test(word));
    return { prefix, commands, script };
  });
  const scripts = [...new Set(lines.flatMap(({ script }) => script ?? []))];
  return lines.map(({ prefix, commands, script }, at) => {
    const name =
      script === undefined ? `${stemOf(source.facts.path)}-${at + 1}` : scriptName(script, scripts);
    return {
      id: `cron:${source.facts.path}#${script === undefined ? at + 1 : name}`,
      kind: 'cron',
      name,
      source,
      span: firstSpan(source, prefix),
      prefix,
      shared: [],
      commands,
      calls: [],
    };
  });
}

/** The script's own name; with its folders where another one is called the same. */
function scriptName(script: string, all: readonly string[]): string {
  const name = stemOf(script);
  if (all.every((other) => other === script || stemOf(other) !== name)) return name;
  const path = script.replaceAll(/^[./]+|\.\w+$/g, '');
  return path.replaceAll('/', '-');
}

function dockerfile(source: SourceFile): Workload {
  const { path, commands } = source.facts;
  const folder = folderOf(path);
  return {
    id: `container:${path}`,
    kind: 'container',
    name: folder === '' ? 'container' : baseOf(folder),
    source,
    span: { start: 0, end: 0 },
    prefix: '',
    shared: [],
    commands,
    folder,
    calls: [],
  };
}

function npmScripts(source: SourceFile): readonly Workload[] {
  return childScripts(source).map((key) => ({
    id: `npm-script:${source.facts.path}#${key}`,
    kind: 'npm-script',
    name: key.replaceAll(':', '-'),
    source,
    span: firstSpan(source, `scripts.${key}`),
    prefix: `scripts.${key}`,
    shared: [],
    commands: below(source, `scripts.${key}`),
    calls: [],
  }));
}

function childScripts(source: SourceFile): readonly string[] {
  return source.facts.slots.flatMap((slot) => /^scripts\.(.+)$/.exec(slot.path)?.[1] ?? []);
}

function mcpServers(source: SourceFile): readonly Workload[] {
  const parents = ['mcpServers', 'servers', 'context_servers', 'mcp.servers'].filter(
    (parent) => parent !== 'servers' || /(^|\/)\.?mcp\.json$/.test(source.facts.path),
  );
  return parents.flatMap((parent) =>
    childKeys(source, parent).map(({ key, path }) => ({
      id: `mcp-server:${source.facts.path}#${key}`,
      kind: 'mcp-server' as const,
      name: key.startsWith('mcp') ? key : `mcp-${key}`,
      source,
      span: firstSpan(source, path),
      prefix: path,
      shared: ['inputs'],
      commands: below(source, path),
      calls: [],
    })),
  );
}

function composeServices(source: SourceFile): readonly Workload[] {
  return childKeys(source, 'services').map(({ key, path: prefix }) => {
    const folder = buildFolder(source, prefix);
    return {
      id: `container:${source.facts.path}#${key}`,
      kind: 'container',
      name: key,
      source,
      span: firstSpan(source, prefix),
      prefix,
      shared: source.facts.slots.flatMap((slot) => /^x-[^.[]+/.exec(slot.path)?.[0] ?? []).slice(0, 1),
      commands: below(source, prefix),
      ...(folder === undefined ? {} : { folder }),
      calls: [],
    };
  });
}

/** A manifest of Kubernetes; one document of a file with several may carry an index before its key path. */
function kubernetes(source: SourceFile): readonly Workload[] {
  return source.facts.slots.flatMap((slot) => {
    const match = /^(.*?)kind$/.exec(slot.path);
    const runs = /^(Deployment|StatefulSet|DaemonSet|Job|CronJob|Pod|ReplicaSet)$/.test(slot.value);
    const start = match?.[1];
    if (start === undefined || !runs || !/^([[\]\d$]+\.?)?$/.test(start)) return [];
    const name =
      source.facts.slots.find((one) => one.path === `${start}metadata.name`)?.value ??
      stemOf(source.facts.path);
    const prefix = `${start}spec`;
    return [
      {
        id: `k8s:${source.facts.path}#${name}`,
        kind: 'k8s' as const,
        name,
        source,
        span: slot.entry,
        prefix,
        shared: [],
        commands: below(source, prefix),
        calls: [],
      },
    ];
  });
}

/** Says whether nobody is present when it runs, and why; undefined where somebody may be. */
export function unattended(workload: Workload): string | undefined {
  if (workload.kind === 'cron') return 'no user is present in a cron line';
  if (workload.kind === 'ci-job') return 'no user is present in a pipeline job';
  if (workload.kind !== 'k8s') return undefined;
  const kind = `${workload.prefix.replace(/spec$/, '')}kind`;
  const { slots, path } = workload.source.facts;
  const scheduled = slots.some((slot) => slot.path === kind && /^(CronJob|Job)$/.test(slot.value));
  return scheduled ? `no user is present in a job of Kubernetes (${path})` : undefined;
}
