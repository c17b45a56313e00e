import { clockHint, type HttpAnswer } from '../../lib/http.ts';
import { AgentIdError } from '../../model/error.ts';
import { createAdminApi, type AdminApi, type ApiCall } from '../admin-api.ts';
import { asAdminClient } from '../admin-token.ts';
import { readMetadata, toRecord } from '../metadata.ts';
import type { AdapterParts } from '../parts.ts';
import { isPrintable } from '../refusal.ts';

/** An object of Microsoft Graph as it came. */
export type GraphObject = Readonly<Record<string, unknown>>;

/** Graph's addresses, one for each cloud: its metadata may choose among them, and name no other. */
const graphHosts = [
  'graph.microsoft.com',
  'graph.microsoft.us',
  'dod-graph.microsoft.us',
  'microsoftgraph.chinacloudapi.cn',
];

/** Administers through Microsoft Graph as the client of the trust, whose key signs. */
export function createGraph(parts: AdapterParts): AdminApi {
  const { issuer } = parts.trust;
  let place: Promise<Place> | undefined;
  const find = async (): Promise<Place> => {
    place ??= findPlace(parts);
    place.catch(() => (place = undefined));
    return place;
  };
  return createAdminApi(parts, {
    name: 'Microsoft Graph',
    base: async () => `${(await find()).graph}/v1.0`,
    authorize: asAdminClient(parts, async () => {
      const { graph, endpoint } = await find();
      return {
        endpoint,
        audience: endpoint,
        form: { scope: `${graph}/.default` },
        toRefusal: (answer) => toRefusal(answer, { what: 'sign the administrator in', right: '' }, issuer),
      };
    }),
    toRefusal: (answer, call) => toRefusal(answer, call, issuer),
  });
}

/** Gives every item of a list. */
export async function listGraph(graph: AdminApi, call: ApiCall): Promise<readonly GraphObject[]> {
  const found: GraphObject[] = [];
  let path: string | undefined = call.path;
  for (let page = 0; path !== undefined && page < MAX_PAGES; page += 1) {
    const answer = toRecord(await graph.ask({ ...call, path }));
    if (Array.isArray(answer['value'])) found.push(...answer['value'].map(toRecord));
    path = nextPage(answer['@odata.nextLink']);
  }
  return found;
}

/** Only what follows the version counts: a page elsewhere would get the administrator's token. */
function nextPage(link: unknown): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  return `${pathname.replace(/^\/v1\.0/, '')}${search}`;
}

/** Quotes a text for a filter or a key. */
export function quoted(text: string): string {
  return encodeURIComponent(`'${text.replaceAll("'", "''")}'`);
}

const MAX_PAGES = 200;

interface Place {
  readonly graph: string;
  readonly endpoint: string;
}

async function findPlace({ http, trust }: AdapterParts): Promise<Place> {
  const metadata = await readMetadata(http, trust.issuer);
  const { protocol, host } = new URL(trust.issuer);
  const named = toRecord(metadata)['msgraph_host'];
  // A double on this machine is its own Graph.
  const own = protocol === 'http:' && named === host;
  if (!own && !graphHosts.some((one) => one === named)) {
    throw new AgentIdError('untrusted-issuer', 'the issuer names no address of Microsoft Graph', {
      where: trust.issuer,
      hint: 'It is https://login.microsoftonline.com/TENANT-ID/v2.0, or that of another cloud of Microsoft.',
    });
  }
  return { graph: `${protocol}//${String(named)}`, endpoint: metadata.token_endpoint };
}

/** Graph speaks of `error.code` and `error.message`, the token endpoint of `error` (RFC 6749 section 5.2). */
function toRefusal(
  answer: HttpAnswer,
  { what, right }: Pick<ApiCall, 'what' | 'right'>,
  where: string,
): AgentIdError {
  const { error, error_description: description } = toRecord(answer.body);
  const { code, message } = toRecord(error);
  const said = [code ?? error, message ?? firstLine(description)].filter(isPrintable);
  const reason = said.length === 0 ? `status ${answer.status}` : said.join(': ');
  const hint = clockHint(answer) ?? hintFor(answer, right);
  return new AgentIdError(
    answer.status === 409 ? 'conflict' : 'idp-refused',
    `Microsoft Graph refused to ${what}: ${reason}`,
    {
      where,
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

/** `AADSTS700027: …` is followed by lines with trace ids. */
function firstLine(text: unknown): unknown {
  return typeof text === 'string' ? text.split(/\r?\n| Trace ID/)[0]?.slice(0, 200) : text;
}

function hintFor({ status, body }: HttpAnswer, right: string): string | undefined {
  if (status === 403 && right !== '') return howToGive(right);
  if (status === 409)
    return 'It may lie among the deleted ones for 30 days: Entra admin center > App registrations > Deleted applications > Delete permanently. Then do the same again.';
  if (status !== 401 && toRecord(body)['error'] !== 'invalid_client') return undefined;
  return 'Look at the admin application: Entra admin center > App registrations > the admin app > Certificates & secrets.';
}

/** Says how an administrator gives a permission. */
export function howToGive(right: string): string {
  return `Give ${right}: Entra admin center > App registrations > the admin app > API permissions > Add (Microsoft Graph, application), then Grant admin consent.`;
}
