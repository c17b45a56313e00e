import type { Arg, Call } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import { toLine } from './lines.ts';
import type { Reach } from './reach.ts';
import { isForeignHost, isPublicPath, toRestPath, toTemplate, toVerb, verbOfName } from './rest-text.ts';
import type { ScopeTable, SourceFile } from './types.ts';

/** A path of the API somewhere in code. */
interface Mention {
  readonly path: string;
  readonly before: string;
  readonly span: Span;
}

/** What builds a URL and sends nothing. */
const builder =
  /(^|\.)(Sprintf|Sprint|format|join|urljoin|URL|Parse|parse|concat|replace|quote|encodeURI|encodeURIComponent|JoinPath|String|str|print|println|log|info|debug|error|warn|warning|Errorf|Fatalf|Printf|Println)$/;

/** What answers a path instead of asking for it. */
const route =
  /(^|\.)(HandleFunc|Handle|route|add_url_rule|add_route)$|(^|\.)(app|router|server|mux|bp|blueprint|mock|nock|responses)\.\w+$/i;

/** Finds the calls of the REST API by literal paths in one file of code. A method that is not known is said, not guessed. */
export function restCalls(source: SourceFile, table: ScopeTable): readonly Reach[] {
  const found = new Map<string, Reach>();
  for (const mention of mentions(source)) {
    const reach = toReach(mention, source, table);
    if (reach === undefined) continue;
    const key = `${reach.line} ${mention.path}`;
    const known = found.get(key);
    if (known === undefined || (known.operation === null && reach.operation !== null)) found.set(key, reach);
  }
  return [...found.values()];
}

function toReach(mention: Mention, source: SourceFile, table: ScopeTable): Reach | undefined {
  const { calls, lineStarts, path } = source.facts;
  const around = calls.filter((call) => contains(call.span, mention.span));
  if (around.some((call) => route.test(call.callee)) && mention.before === '') return undefined;
  const methods = table.methodsOf(mention.path);
  const method = senderMethod(mention, around, source) ?? (methods.length === 1 ? methods[0] : undefined);
  const at = { path, line: toLine(lineStarts, mention.span.start) };
  const shown = mention.path.slice(0, 120);
  if (method === undefined) {
    return { ...at, call: shown, operation: null, why: `the HTTP method of ${shown} cannot be told` };
  }
  const operation = table.byPath(method === 'HEAD' ? 'GET' : method, mention.path) ?? null;
  const why = operation === null ? `no operation ${method} ${shown} is described` : null;
  return { ...at, call: `${method} ${shown}`, operation, why };
}

/** The method of the innermost call that sends; else of the first call after it that is given the variable. */
function senderMethod(mention: Mention, around: readonly Call[], source: SourceFile): string | undefined {
  const inner = [...around].sort((a, b) => b.span.start - a.span.start);
  for (const call of inner) {
    const method = builder.test(call.callee) ? undefined : methodOf(call, source);
    if (method !== undefined) return method;
  }
  if (inner.some((call) => !builder.test(call.callee))) return undefined;
  const name = assignedName(mention.span.start, source.text);
  if (name === undefined) return undefined;
  const word = new RegExp(`(^|[^\\w$.])(self\\.|this\\.)?${name}($|[^\\w$])`);
  for (const call of source.facts.calls) {
    if (call.span.start < mention.span.end || builder.test(call.callee)) continue;
    if (!call.args.some((arg) => word.test(slice(source, arg.span)))) continue;
    const method = methodOf(call, source);
    if (method !== undefined) return method;
  }
  return undefined;
}

/** The variable that the expression around an offset is assigned to, on the same line or the one before. */
function assignedName(offset: number, text: string): string | undefined {
  const lines = text.slice(Math.max(0, offset - 240), offset).split('\n');
  const near = lines.slice(-2).join('\n');
  const match =
    /(?:^|[\s(])(?:const |let |var |self\.|this\.)?([A-Za-z_]\w*)\s*(?::\s*\w+\s*)?:?=(?!=)[^=;]*$/.exec(
      near,
    );
  return match?.[1];
}

function methodOf(call: Call, source: SourceFile): string | undefined {
  const named = call.args.find((arg) => arg.name !== null && /(^|\.)method$/i.test(arg.name));
  if (named !== undefined) return verbOfArg(named, source);
  const given = call.args.flatMap((arg) => (isPlain(arg) ? (verbOfArg(arg, source) ?? []) : []))[0];
  if (given !== undefined) return given;
  const own = verbOfName(call.callee);
  if (own !== undefined) return own;
  return defaultMethod(call, source);
}

function isPlain(arg: Arg): boolean {
  return arg.name === null || /method/i.test(arg.name);
}

function verbOfArg(arg: Arg, source: SourceFile): string | undefined {
  const text = slice(source, arg.span);
  return toVerb(arg.text) ?? toVerb(/\bMethod(Get|Post|Put|Patch|Delete|Head)$/.exec(text)?.[1] ?? null);
}

/** fetch and its like send GET unless told otherwise; urllib sends POST where it is given data. */
function defaultMethod(call: Call, source: SourceFile): string | undefined {
  const name = call.callee.split('.').at(-1) ?? '';
  if (/^(Request|urlopen)$/.test(name)) return call.args.some((arg) => arg.name === 'data') ? 'POST' : 'GET';
  if (!/^(fetch|axios|got|ky|\$fetch|nodeFetch|request)$/i.test(name)) return undefined;
  const hidden = call.args.slice(1).some((arg) => arg.name === null && arg.text === null);
  const spread = call.args.length > 1 && slice(source, call.span).includes('...');
  return hidden || spread ? undefined : 'GET';
}

function mentions(source: SourceFile): readonly Mention[] {
  const bases = baseNames(source);
  const found: Mention[] = [];
  const add = (text: string, span: Span): void => {
    const rest = toRestPath(text);
    if (rest === undefined || isForeignHost(rest.before)) return;
    if (!isBase(rest.path) && !isPublicPath(rest.path)) found.push({ ...rest, span });
  };
  for (const call of source.facts.calls) {
    for (const arg of call.args) {
      if (arg.text === null) continue;
      const written = slice(source, arg.span);
      add(withBase(arg.text, written, bases), arg.span);
    }
  }
  for (const slot of source.facts.slots) {
    if (!found.some((one) => overlaps(one.span, slot.span))) {
      add(withBase(slot.value, slice(source, slot.span), bases), slot.span);
    }
  }
  return found;
}

/** Names that hold the start of every path: `BASE = f"{org}/api/v1"`, `axios.create({ baseURL: … })`. */
function baseNames(source: SourceFile): ReadonlyMap<string, string> {
  const texts = [
    ...source.facts.slots.map((slot) => ({ text: slot.value, name: slot.name ?? undefined })),
    ...source.facts.calls.flatMap((call) =>
      call.args
        .filter((arg) => arg.text?.includes('/') === true)
        .map((arg) => ({ text: arg.text ?? '', name: assignedName(arg.span.start, source.text) })),
    ),
  ];
  const found = new Map<string, string>();
  for (const { name, text } of texts) {
    const path = toRestPath(text)?.path;
    if (path !== undefined && name !== undefined && isBase(path)) found.set(name, path);
  }
  const assignment = /(?<!\w)([A-Za-z_]\w{0,60})\s{0,4}:?=\s{0,4}[^\n;]{0,200}?(\/api\/v1)\/?["'`]/g;
  for (const [, name = '', base = ''] of source.text.matchAll(assignment)) found.set(name, base);
  return found;
}

/** `{}/users` written as `f"{BASE}/users"` or `BASE + "/users"` is `/api/v1/users`. */
function withBase(text: string, written: string, bases: ReadonlyMap<string, string>): string {
  const template = toTemplate(text);
  if (toRestPath(template) !== undefined || !/^\{\}\/?/.test(template)) return text;
  const first = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/.exec(
    written.replace(/^[rbfu]{0,2}["'`]/i, '').replace(/^[^A-Za-z_]*/, ''),
  )?.[0];
  const base = bases.get(first?.split('.').at(-1) ?? '');
  return base === undefined ? text : `${base}/${template.slice(2).replace(/^\//, '')}`;
}

function isBase(path: string): boolean {
  return /^(\/\w[\w-]*)*\/api\/v\d$|^\/oauth2$/.test(path);
}

function slice(source: SourceFile, span: Span): string {
  return source.text.slice(span.start, span.end);
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}

function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}
