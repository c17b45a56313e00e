import type { Call } from '../model/facts.ts';
import type { Span } from '../model/place.ts';
import { isBasePath, isForeignHost, isPublicPath, toRestPath, toTemplate, toVerb } from './rest-text.ts';
import type { SourceFile } from './types.ts';

/** A path of the API somewhere in code. */
export interface Mention {
  readonly path: string;
  readonly span: Span;
  /** The verb in front of it, as in `"GET /api/v1/users"`. */
  readonly verb: string | undefined;
  /** The call that it is an argument of; null for a constant. */
  readonly call: Call | null;
}

const MOST_LINE = 400;

/** What builds a URL and sends nothing. */
const builder =
  /(^|\.)(Sprintf|Sprint|format|join|urljoin|URL|Parse|parse|concat|replace|quote|encodeURI|encodeURIComponent|JoinPath|String|str)$/;

/** What only tells of it. */
const teller =
  /(^|\.)(print|printf|println|Print|Printf|Println|Errorf|Fatal|Fatalf|log|info|debug|error|warn|warning|exception|write|echo|Error|Exception|\w+Error|add_argument|describe|it|test)$|^(console|log|logger|logging)\./;

/** What answers a path instead of asking for it. */
const route =
  /(^|\.)(HandleFunc|Handle|route|add_url_rule|add_route)$|(^|\.)(app|router|server|mux|bp|blueprint|mock|nock|responses)\.\w+$/i;

/** Says whether a call only puts a URL together. */
export function isBuilder(call: Call): boolean {
  return builder.test(call.callee);
}

/** The variable that the expression around an offset is assigned to, on the same line or the one before. */
export function assignedName(offset: number, text: string): string | undefined {
  const near = text
    .slice(Math.max(0, offset - 240), offset)
    .split('\n')
    .slice(-2)
    .join('\n');
  const match =
    /(?:^|[\s(])(?:const |let |var |self\.|this\.)?([A-Za-z_]\w*)\s*(?::\s*\w+\s*)?:?=(?!=)[^=;]*$/.exec(
      near,
    );
  return match?.[1];
}

/** Finds every path of the API in a file, without what only tells of it or answers it. */
export function findMentions(source: SourceFile): readonly Mention[] {
  const bases = baseNames(source);
  const found: Mention[] = [];
  for (const call of source.facts.calls) {
    if (teller.test(call.callee)) continue;
    for (const arg of call.args) {
      if (arg.text === null) continue;
      const text = withBase(arg.text, source.text.slice(arg.span.start, arg.span.end), bases);
      const mention = toMention(text, arg.span, call);
      if (mention !== undefined) found.push(mention);
    }
  }
  return [...found, ...constants(source, found)];
}

/** Texts that no call was seen to be given: the call may be in another file, or the variable is set more than once. */
function constants(source: SourceFile, found: readonly Mention[]): readonly Mention[] {
  return source.facts.slots.flatMap((slot) => {
    if (!slot.value.includes('/')) return [];
    const text = wholeText(slot.span, source.text);
    const mention = text === undefined ? undefined : toMention(text, slot.span, null);
    if (mention === undefined || !toRestPath(slot.value)) return [];
    const inCall = source.facts.calls.some((call) => contains(call.span, slot.span));
    return inCall || isFollowed(mention, source, found) ? [] : [mention];
  });
}

/** A call below is given the variable, and its text is known to be this one. */
function isFollowed(mention: Mention, source: SourceFile, found: readonly Mention[]): boolean {
  const name = assignedName(mention.span.start, source.text);
  return found.some(
    (one) =>
      one.path === mention.path &&
      (name === undefined ||
        (one.span.start > mention.span.start &&
          source.text.slice(one.span.start, one.span.end).endsWith(name))),
  );
}

/** The text of the literal around a piece of it, on its line; the piece itself where it is no template. */
function wholeText(span: Span, text: string): string | undefined {
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const end = text.indexOf('\n', span.end);
  const line = text.slice(start, end === -1 ? text.length : end);
  if (line.length > MOST_LINE) return undefined;
  for (const match of line.matchAll(/(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)) {
    const from = start + match.index;
    if (from <= span.start && from + match[0].length >= span.end) return match[2];
  }
  return undefined;
}

function toMention(text: string, span: Span, call: Call | null): Mention | undefined {
  const rest = toRestPath(text);
  if (rest === undefined || isForeignHost(rest.before)) return undefined;
  if (isPublicPath(rest.path) || isBasePath(rest.path)) return undefined;
  if (rest.before === '' && call !== null && route.test(call.callee)) return undefined;
  const words = rest.before.split(/\s+/).filter(Boolean);
  const verb = toVerb(words[0] ?? null);
  // A sentence that speaks of a path is no call of it.
  if (words.length > (verb === undefined ? 1 : 2)) return undefined;
  return { path: rest.path, span, verb, call };
}

/** Names that hold the start of every path: `BASE = f"{org}/api/v1"`, `axios.create({ baseURL: … })`. */
function baseNames(source: SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const slot of source.facts.slots) {
    const path = toRestPath(slot.value)?.path;
    if (path !== undefined && slot.name !== null && isBasePath(path)) found.set(slot.name, path);
  }
  const assignment =
    /(?<!\w)([A-Za-z_]\w{0,60})\s{0,4}:?=\s{0,4}[^\n;]{0,200}?((?:\/\w+)?\/api\/v1)\/?["'`]/g;
  for (const [, name = '', base = ''] of source.text.matchAll(assignment)) found.set(name, base);
  return found;
}

/** `{}/users` written as `f"{self.base}/users"` is `/api/v1/users`; so is `client.get("/users")` of a client with a base. */
function withBase(text: string, written: string, bases: ReadonlyMap<string, string>): string {
  const template = toTemplate(text);
  if (toRestPath(template) !== undefined || !/^\{\}\/?/.test(template)) return text;
  const bare = written.replace(/^[rbfu]{0,2}["'`]/i, '').replace(/^[^A-Za-z_]*/, '');
  const first = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/.exec(bare)?.[0];
  const base = bases.get(first?.split('.').at(-1) ?? '');
  return base === undefined ? text : `${base}/${template.slice(2).replace(/^\//, '')}`;
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}
