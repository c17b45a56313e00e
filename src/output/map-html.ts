import type { Consumer, MappedSecret, SecretMap, Unresolved } from '../model/consumer.ts';
import type { Impact } from '../model/impact.ts';
import type { Location } from '../model/place.ts';
import { printable } from './error.ts';
import { impactVerdict } from './map-text.ts';
import { pageHead, toScriptData } from './page.ts';
import { version } from './version.ts';

/** A map and what its page needs beside it. */
export interface MapPage {
  readonly map: SecretMap;
  readonly impact: Impact;
  /** Name of the folder that was mapped. */
  readonly name: string;
  /** RFC 3339 in UTC, to the second. */
  readonly ended: string;
  /** Reads a part of the page: its style or its script. */
  readonly readPagePart: (name: string) => Promise<string>;
}

/**
 * Renders the map as one page that needs nothing else, under a policy that lets only its own script and style run.
 * What a repository wrote is data in it, never markup.
 */
export async function renderMapHtml(page: MapPage): Promise<string> {
  const style = `${await page.readPagePart('report.css')}\n${await page.readPagePart('map.css')}`;
  const script = await page.readPagePart('map.js');
  return [
    pageHead(`Map of secrets in ${page.name}`, style, script),
    '<body>\n<noscript>This map needs JavaScript, which works from a local file and loads nothing.</noscript>\n',
    '<script type="application/json" id="report">',
    toData(page),
    `</script>\n<script>${script}</script>\n</body>\n</html>\n`,
  ].join('');
}

function toData({ map, impact, name, ended }: MapPage): string {
  const data = {
    name,
    version,
    ended,
    clean: impact.clean,
    verdict: map.secrets.length + map.unresolved.length === 0 ? 'Nothing was found.' : impactVerdict(impact),
    secrets: map.secrets.map(toSecret).sort((a, b) => b.risk.score - a.risk.score),
    unresolved: map.unresolved.map(toUnresolved),
  };
  return toScriptData(JSON.parse(JSON.stringify(data, shown)) as object);
}

/** Every text is shown as it may stand on a page. */
function shown(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? printable(value) : value;
}

function toSecret({ secret, names, rule, provider, risk, owner, reaches, ...more }: MappedSecret): {
  readonly risk: MappedSecret['risk'];
} {
  const data = {
    short: `secret:${secret.slice(0, 6)}`,
    names,
    rule,
    provider,
    risk,
    owner,
    reaches: reaches.map(({ api, operations, scopes }) => ({ api, operations: operations.length, scopes })),
    storedIn: more.storedIn.map(toPlace),
    consumers: more.consumers.map(toConsumer),
  };
  return data;
}

function toPlace({ path, startLine, slot = '' }: Location): object {
  return { path, line: startLine, slot };
}

function toConsumer({ places: _places, api: _api, language = '', ...consumer }: Consumer): object {
  return { ...consumer, language };
}

function toUnresolved({ path, line, why, secret, provider }: Unresolved): object {
  return { path, line, why, provider, short: secret === null ? '' : `secret:${secret.slice(0, 6)}` };
}
