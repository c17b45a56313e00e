import type { ActsFor } from '../model/consumer.ts';
import type { Draft } from './draft.ts';
import type { Estate } from './estate.ts';
import { toLine } from '../model/place.ts';
import { unattended } from './workloads.ts';

/** Says whether a consumer acts for a user or as itself, and why. In doubt for a user: then its key alone opens nothing. */
export function actsFor(
  draft: Draft,
  estate: Estate,
): { readonly actsFor: ActsFor; readonly actsForReason: string } {
  const alone = draft.workload === null ? undefined : unattended(draft.workload);
  if (alone !== undefined) return { actsFor: 'itself', actsForReason: alone };
  if (draft.kind === 'mcp-server') {
    return { actsFor: 'user', actsForReason: 'an MCP server answers the person at its client' };
  }
  const server = mcpImport(draft, estate);
  if (server !== undefined) {
    return {
      actsFor: 'user',
      actsForReason: `it is an MCP server, which answers the person at its client (${server})`,
    };
  }
  const listens = listenPlace(draft, estate);
  if (listens !== undefined) return { actsFor: 'user', actsForReason: `it answers requests (${listens})` };
  const bearer = userTokenPlace(draft, estate);
  if (bearer !== undefined) return { actsFor: 'user', actsForReason: `it reads a user's token (${bearer})` };
  return quiet(draft);
}

function quiet(draft: Draft): { readonly actsFor: ActsFor; readonly actsForReason: string } {
  const reasons: Partial<Record<Draft['kind'], string>> = {
    script: 'a script reads no user token',
    'npm-script': 'a script reads no user token',
    systemd: 'no user is present in a systemd unit',
    terraform: 'no user is present in a Terraform run',
  };
  const reason = draft.id.endsWith('#tests') ? 'tests run without a user' : reasons[draft.kind];
  if (reason !== undefined) return { actsFor: 'itself', actsForReason: reason };
  return {
    actsFor: 'user',
    actsForReason:
      'no sign that it runs without a person; for a user is the careful choice, as its key alone then opens nothing',
  };
}

function mcpImport(draft: Draft, estate: Estate): string | undefined {
  for (const path of draft.files) {
    const facts = estate.sources.get(path)?.facts;
    const found = facts?.imports.find(({ module }) =>
      /^@modelcontextprotocol\/sdk\/server|^(fast)?mcp(\.server.*)?$|mark3labs\/mcp-go\/server/.test(module),
    );
    if (facts !== undefined && found !== undefined)
      return `${path}:${toLine(facts.lineStarts, found.span.start)}`;
  }
  return undefined;
}

function listenPlace(draft: Draft, estate: Estate): string | undefined {
  for (const path of draft.files) {
    const facts = estate.sources.get(path)?.facts;
    const span = facts?.listens[0];
    if (facts !== undefined && span !== undefined) return `${path}:${toLine(facts.lineStarts, span.start)}`;
  }
  return undefined;
}

const userToken =
  /\b(USER_TOKEN|SUBJECT_TOKEN|USER_ACCESS_TOKEN|user_access_token|subject_token|request\.headers\.authorization|req\.headers\.authorization)\b/;

function userTokenPlace(draft: Draft, estate: Estate): string | undefined {
  for (const path of draft.files) {
    const source = estate.sources.get(path);
    const at = source === undefined ? -1 : source.text.search(userToken);
    if (source !== undefined && at !== -1) return `${path}:${toLine(source.facts.lineStarts, at)}`;
  }
  return undefined;
}
