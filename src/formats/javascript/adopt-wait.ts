import { chainRequest, requestAround } from './adopt-chain.ts';
import { canLift, liftAround, whyNoAwait } from './adopt-lift.ts';
import { helperArguments, refuse, type Refused, type Rewrite } from './adopt-rewrite.ts';
import type { JsNode } from './ast.ts';

/** Gives the call that asks for a header; a promise. */
export function askText(rewrite: Rewrite): string {
  return `${rewrite.agentName}.authorization(${helperArguments(rewrite)})`;
}

/** Says whether code can wait for a token at a place. Changes nothing. */
export function canWait(rewrite: Rewrite, node: JsNode): boolean {
  const { ast } = rewrite;
  return (
    whyNoAwait(ast, node) === undefined || canLift(ast, node) || requestAround(rewrite, node) !== undefined
  );
}

/** Gives what stands for the header at a place, and makes the code around it wait; or says why it cannot. */
export function waitFor(rewrite: Rewrite, node: JsNode): string | Refused {
  const problem = whyNoAwait(rewrite.ast, node);
  rewrite.hasHeader = true;
  if (problem === undefined || liftAround(rewrite, node)) return `await ${askText(rewrite)}`;
  const request = requestAround(rewrite, node);
  return request === undefined ? refuse(node, problem) : chainRequest(rewrite, request, askText(rewrite));
}
