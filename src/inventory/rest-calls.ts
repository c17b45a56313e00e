import type { Arg, Call } from '../model/facts.ts';
import { toLine, type Span } from '../model/place.ts';
import { assignedName, findMentions, isBuilder, type Mention } from './mentions.ts';
import type { Reach } from './reach.ts';
import { toVerb, verbOfName } from './rest-text.ts';
import type { ScopeTable, SourceFile } from './types.ts';

/** A path, and the call that sends it where one was found. */
interface Sent {
  readonly mention: Mention;
  readonly call: Call | null;
  readonly method: string | undefined;
}

/** Finds the calls of the REST API by literal paths in one file of code. A method that is not known is said, not guessed. */
export function restCalls(source: SourceFile, table: ScopeTable): readonly Reach[] {
  const sent = findMentions(source).map((mention) => toSent(mention, source));
  const direct = new Set(
    sent.filter(isDirect).flatMap(({ mention, method }) => [mention.path, `${method} ${mention.path}`]),
  );
  const found = new Map<string, Reach>();
  for (const one of sent) {
    // A path that is put together here and sent below is one call, and its line is where it is sent.
    const key = one.method === undefined ? one.mention.path : `${one.method} ${one.mention.path}`;
    if (!isDirect(one) && direct.has(key)) continue;
    const reach = toReach(one, source, table);
    const place = `${reach.line} ${one.mention.path}`;
    const known = found.get(place);
    if (known === undefined || (known.operation === null && reach.operation !== null))
      found.set(place, reach);
  }
  return [...found.values(), ...blindSends(sent, source)];
}

/** Requests whose URL is known only at run time, in files that send an Okta token: said, not guessed. */
function blindSends(sent: readonly Sent[], source: SourceFile): readonly Reach[] {
  if (!/\bSSWS\b/.test(source.text)) return [];
  const known = new Set(sent.flatMap(({ call, mention }) => [call, mention.call]));
  return source.facts.calls.flatMap((call) => {
    const url = call.args.find((arg) => arg.name === 'url') ?? call.args[0];
    if (known.has(call) || url === undefined || !isSender(call) || !isDynamic(url.text)) return [];
    if (/^["'`]/.test(slice(source, url.span))) return [];
    return [
      {
        path: source.facts.path,
        line: toLine(source.facts.lineStarts, call.span.start),
        call: call.callee,
        operation: null,
        why: 'its URL is known only at run time',
      },
    ];
  });
}

function isSender(call: Call): boolean {
  return (
    /^(requests|httpx|axios|session|http|got|ky|self\.session|client|self\.client)\.(get|post|put|patch|delete|Get|Post)$/.test(
      call.callee,
    ) || /^(fetch|axios|urlopen|urllib\.request\.urlopen)$/.test(call.callee)
  );
}

function isDynamic(text: string | null): boolean {
  return text === null || /^(\{\})+$/.test(text);
}

function isDirect({ mention, call }: Sent): boolean {
  return call !== null && mention.call === call;
}

function toReach({ mention, method: known }: Sent, source: SourceFile, table: ScopeTable): Reach {
  const { lineStarts, path } = source.facts;
  const at = { path, line: toLine(lineStarts, mention.span.start) };
  const shown = mention.path.slice(0, 120);
  if (/\/v1\/?\{\}$/.test(mention.path)) {
    return { ...at, call: shown, operation: null, why: 'the path is put together at run time' };
  }
  const methods = table.methodsOf(mention.path);
  const method = known ?? (methods.length === 1 ? methods[0] : undefined);
  if (method === undefined) {
    return { ...at, call: shown, operation: null, why: 'the HTTP method of this path cannot be told' };
  }
  const operation = table.byPath(method === 'HEAD' ? 'GET' : method, mention.path) ?? null;
  const why = operation === null ? 'no such operation is described' : null;
  return { ...at, call: `${method} ${shown}`, operation, why };
}

/** The innermost call around it that sends; else the first one after it that is given the variable. */
function toSent(mention: Mention, source: SourceFile): Sent {
  if (mention.verb !== undefined) return { mention, call: mention.call, method: mention.verb };
  const around = source.facts.calls
    .filter((call) => contains(call.span, mention.span) && !isBuilder(call))
    .toSorted((a, b) => b.span.start - a.span.start);
  for (const call of around) {
    const method = methodOf(call, source);
    if (method !== undefined) return { mention, call, method };
  }
  const [inner] = around;
  if (inner !== undefined) return { mention, call: inner, method: undefined };
  const later = laterCall(mention, source);
  return { mention, call: later ?? null, method: later === undefined ? undefined : methodOf(later, source) };
}

function laterCall(mention: Mention, source: SourceFile): Call | undefined {
  const name = assignedName(mention.span.start, source.text);
  if (name === undefined) return undefined;
  const word = new RegExp(`(^|[^\\w$.])(self\\.|this\\.)?${name}($|[^\\w$])`);
  return source.facts.calls.find(
    (call) =>
      call.span.start >= mention.span.end &&
      !isBuilder(call) &&
      call.args.some((arg) => word.test(slice(source, arg.span))) &&
      methodOf(call, source) !== undefined,
  );
}

function methodOf(call: Call, source: SourceFile): string | undefined {
  const named = call.args.find((arg) => arg.name !== null && /(^|\.)method$/i.test(arg.name));
  if (named !== undefined) return verbOfArg(named, source);
  const given = call.args.flatMap((arg) => (arg.name === null ? (verbOfArg(arg, source) ?? []) : []))[0];
  return given ?? verbOfName(call.callee) ?? defaultMethod(call, source);
}

function verbOfArg(arg: Arg, source: SourceFile): string | undefined {
  const constant = /\bMethod(Get|Post|Put|Patch|Delete|Head)$/.exec(slice(source, arg.span))?.[1];
  return toVerb(arg.text) ?? toVerb(constant ?? null);
}

/** fetch and its like send GET unless told otherwise; urllib sends POST where it is given data. */
function defaultMethod(call: Call, source: SourceFile): string | undefined {
  const name = call.callee.split('.').at(-1) ?? '';
  if (/^(Request|urlopen)$/.test(name)) return call.args.some((arg) => arg.name === 'data') ? 'POST' : 'GET';
  if (!/^(fetch|axios|got|ky|\$fetch|nodeFetch)$/i.test(name)) return undefined;
  const hidden = call.args.slice(1).some((arg) => arg.name === null && arg.text === null);
  const spread = call.args.length > 1 && slice(source, call.span).includes('...');
  return hidden || spread ? undefined : 'GET';
}

function slice(source: SourceFile, span: Span): string {
  return source.text.slice(span.start, span.end);
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && outer.end >= inner.end;
}
