import { field, namedChildren, textOf, type Node } from '../tree.ts';
import { pythonImports } from './calls.ts';
import { dotted, initOf, type Script } from './script.ts';

/** Settings beside the token that would make the rewrite wrong. */
const conflicts = /^(requestExecutor|authorizationMode|privateKey|httpClient|cacheManager)$/;

/** Gives the entry `"token": value` where it is a setting of a client of Okta's SDK, directly or in a variable. */
export function clientToken(script: Script, value: Node): Node | undefined {
  const entry = value.parent;
  const settings = entry?.parent;
  const { text } = script;
  if (entry?.type !== 'pair' || settings?.type !== 'dictionary' || value.field !== 'value') return undefined;
  const keyOf = (pair: Node): string => textOf(field(pair, 'key'), text).slice(1, -1);
  const isOther = namedChildren(settings).some((one) => conflicts.test(keyOf(one)));
  if (keyOf(entry) !== 'token' || isOther) return undefined;
  return isClient(script, settings.parent?.parent) || makesClients(script, settings) ? entry : undefined;
}

/** A variable that only makes clients. */
function makesClients(script: Script, settings: Node): boolean {
  const reads = script.nodes.filter(
    (node) => node.type === 'identifier' && node.field !== 'left' && initOf(script, node) === settings,
  );
  return reads.length > 0 && reads.every((one) => isClient(script, one.parent?.parent));
}

function isClient(script: Script, call: Node | undefined): boolean {
  const callee = call?.type === 'call' ? dotted(field(call, 'function'), script.text) : '';
  const imports = pythonImports(script);
  return imports.some(({ module, names }) => {
    if (!/^okta(\.client)?$/.test(module)) return false;
    return names.some(
      (name) => callee === name || callee === `${name}.Client` || callee === `${name}.client.Client`,
    );
  });
}
