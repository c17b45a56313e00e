import type { Call } from '../model/facts.ts';
import type { ImportGraph } from './imports.ts';
import { toLine } from '../model/place.ts';
import type { Reach } from './reach.ts';
import type { ScopeTable, SdkLanguage, SourceFile } from './types.ts';

/** What a file knows of Okta's SDK: whether it is in sight, and which names are its clients. */
interface SdkView {
  readonly language: SdkLanguage;
  readonly direct: boolean;
  /** Names bound to a client here or imported from a file that imports the SDK. */
  readonly clients: ReadonlySet<string>;
  /** Names bound to something that is not of the SDK. */
  readonly others: ReadonlySet<string>;
}

const languages: Readonly<Record<string, SdkLanguage>> = {
  javascript: 'javascript',
  python: 'python',
  go: 'go',
};

/** Finds the calls of Okta's SDKs in one file. What the table does not know is said, not guessed. */
export function sdkCalls(
  source: SourceFile,
  table: ScopeTable,
  sources: ReadonlyMap<string, SourceFile>,
  graph: ImportGraph,
): readonly Reach[] {
  const view = toView(source, sources, graph);
  if (view === undefined) return [];
  return source.facts.calls.flatMap((call) => toReach(call, source, table, view) ?? []);
}

/** Says whether a file imports one of Okta's management SDKs. */
export function importsSdk(source: SourceFile): boolean {
  return source.facts.imports.some(({ module }) => isSdk(source.facts.format, module));
}

/** Says where the SDK's client is made without a token, so that it reads OKTA_CLIENT_TOKEN by itself. */
export function defaultClients(source: SourceFile): readonly Call[] {
  if (!importsSdk(source)) return [];
  return source.facts.calls.filter((call) => {
    const name = call.callee.split('.').at(-1) ?? '';
    if (!/^(Client|OktaClient|NewClient|NewAPIClient|NewConfiguration)$/.test(name)) return false;
    if (!isClientMaker(call.callee, source)) return false;
    const words = source.text.slice(call.span.start, call.span.end);
    return !/token|privateKey|private_key|WithToken|config|conf|cfg|settings|options|opts/i.test(
      words.slice(call.callee.length),
    );
  });
}

function isSdk(format: string, module: string): boolean {
  if (format === 'javascript') return module === '@okta/okta-sdk-nodejs';
  if (format === 'python') return module === 'okta' || module.startsWith('okta.');
  return format === 'go' && module.startsWith('github.com/okta/okta-sdk-golang');
}

function toView(
  source: SourceFile,
  sources: ReadonlyMap<string, SourceFile>,
  graph: ImportGraph,
): SdkView | undefined {
  const { format, path, imports } = source.facts;
  const language = languages[format];
  if (language === undefined) return undefined;
  const direct = importsSdk(source);
  const near = (graph.get(path) ?? []).flatMap((target) => sources.get(target) ?? []).filter(importsSdk);
  if (!direct && near.length === 0) return undefined;
  const bound = bindings(source, direct);
  const shared = near.flatMap((one) => [...bindings(one, true).clients]);
  const imported = new Set(imports.flatMap((one) => one.names));
  // Within a package of Go a client of a neighbour file needs no import.
  const clients = new Set([
    ...bound.clients,
    ...shared.filter((name) => language === 'go' || imported.has(name) || direct),
  ]);
  return { language, direct, clients, others: bound.others };
}

/** Reads `name = maker(…)`: a client where the maker is of the SDK. */
function bindings(
  source: SourceFile,
  direct: boolean,
): { readonly clients: ReadonlySet<string>; readonly others: ReadonlySet<string> } {
  const clients = new Set<string>();
  const others = new Set<string>();
  const assignment =
    /(?<![\w$])([A-Za-z_$][\w$]{0,60})\s{0,4}(?::\s{0,4}[\w.<>]{1,80}\s{0,4})?(?:,\s{0,4}\w{1,60}\s{0,4})?:?=\s{0,40}(?:await\s{1,4})?(?:new\s{1,4})?([A-Za-z_$][\w$.]{0,120})\(/g;
  const within = /\bwith\s{1,4}([\w.]{1,120})\([^\n]{0,300}\)\s{1,4}as\s{1,4}(\w{1,60})/g;
  const pairs = [
    ...[...source.text.matchAll(assignment)].map((match) => [match[1], match[2]] as const),
    ...[...source.text.matchAll(within)].map((match) => [match[2], match[1]] as const),
  ];
  for (const [name = '', maker = ''] of pairs) {
    if (direct && isClientMaker(maker, source)) clients.add(name);
    else if (isForeign(maker, source)) others.add(name);
  }
  return { clients, others };
}

function isClientMaker(maker: string, source: SourceFile): boolean {
  const [root = '', ...rest] = maker.split('.');
  const last = rest.at(-1) ?? root;
  if (!/^(Client|OktaClient|NewClient|NewAPIClient|[A-Z]\w*Client)$/.test(last)) return false;
  return source.facts.imports.some(
    ({ module, names }) =>
      isSdk(source.facts.format, module) &&
      (names.includes(root) || root === 'okta' || module.split('.').at(-1) === root),
  );
}

function isForeign(maker: string, source: SourceFile): boolean {
  const root = maker.split('.')[0] ?? '';
  return source.facts.imports.some(
    ({ module, names }) =>
      !isSdk(source.facts.format, module) &&
      !/^[./]|okta/i.test(module) &&
      (names.includes(root) || module.split(/[./]/).at(-1) === root || module === root),
  );
}

function toReach(call: Call, source: SourceFile, table: ScopeTable, view: SdkView): Reach | undefined {
  const segments = call.callee.split('.');
  if (segments.length < 2 || isPackage(segments[0] ?? '', source)) return undefined;
  if (!mayBeClient(segments, view, source)) return undefined;
  const at = {
    path: source.facts.path,
    line: toLine(source.facts.lineStarts, methodOffset(call, source.text)),
    call: call.callee.slice(0, 120),
  };
  const operation = table.byMethod(view.language, segments);
  if (operation !== undefined) return { ...at, operation, why: null };
  return isCertainClient(segments, view) && !isPlumbing(segments.at(-1) ?? '')
    ? { ...at, operation: null, why: `the SDK method ${segments.at(-1)} is not in the table of operations` }
    : undefined;
}

/** In Go `client.New` may be a function of a package, whatever a variable of that name is elsewhere. */
function isPackage(root: string, source: SourceFile): boolean {
  if (source.facts.format !== 'go') return false;
  return source.facts.imports.some(
    ({ module, names }) => names.includes(root) || module.split('/').at(-1) === root,
  );
}

/** A call chain over several lines is shown at the line of its method. */
function methodOffset(call: Call, text: string): number {
  const method = call.callee.split('.').at(-1) ?? '';
  const at = text.slice(call.span.start, call.span.end).indexOf(method);
  return call.span.start + Math.max(at, 0);
}

function mayBeClient(segments: readonly string[], view: SdkView, source: SourceFile): boolean {
  const holders = segments.slice(0, -1);
  if (holders.some((name) => view.clients.has(name) || /okta/i.test(name))) return true;
  if (!view.direct || holders.some((name) => view.others.has(name))) return false;
  const root = holders[0] ?? '';
  return !source.facts.imports.some(({ module, names }) => names.includes(root) && !module.startsWith('.'));
}

function isCertainClient(segments: readonly string[], view: SdkView): boolean {
  const holder = segments.at(-2) ?? '';
  if (view.clients.has(holder)) return true;
  return /api$/i.test(holder) && view.clients.has(segments.at(-3) ?? '');
}

/** Methods of clients that call no operation, or only what another call already names. */
function isPlumbing(method: string): boolean {
  return /^(__\w+|[A-Z]\w*Client|Client|close|Execute|each|map|next|then|catch|finally|setClient|getConfig|GetConfig|CloneRequestExecutor|set_\w+|has_next|get_base_url)$/.test(
    method,
  );
}
