import { field, namedChildren, type Node } from '../tree.ts';
import { dotted, type Source } from './source.ts';

/** Settings beside the token that would make the rewrite wrong. */
const conflicts =
  /^With(HttpClient\w*|HttpInterceptor\w*|AuthorizationMode|PrivateKey\w*|ClientAssertion|Cache\w*|Proxy\w*)$/;

/** Gives the call `okta.WithToken(value)` where it is a setting of a client of Okta's SDK for Go. */
export function clientToken(source: Source, value: Node): Node | undefined {
  const { text } = source;
  const call = value.parent?.type === 'argument_list' ? value.parent.parent : undefined;
  const list = call?.parent;
  const local = source.imports.find(({ module }) =>
    /^github\.com\/okta\/okta-sdk-golang(\/v[2-9]\d*)?\/okta$/.test(module),
  )?.local;
  const nameOf = (node: Node | undefined): string => dotted(field(node, 'function'), text);
  if (local === undefined || list?.type !== 'argument_list' || nameOf(call) !== `${local}.WithToken`)
    return undefined;
  const makes = [`${local}.NewClient`, `${local}.NewConfiguration`];
  const isOther = namedChildren(list).some(
    (one) => conflicts.test(nameOf(one).split('.').at(-1) ?? '') || one.type === 'variadic_argument',
  );
  return makes.includes(nameOf(list.parent)) && !isOther ? call : undefined;
}
