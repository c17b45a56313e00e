import type { FormatId } from '../model/facts.ts';

/** Words in the names of secrets. Where none occurs, no name can tell of one. */
const telling =
  /token|secret|passw|passphrase|credential|api.?key|\w_key\b|access.?key|private.?key|ssws|authorization|_pat\b|_dsn\b|"auths"|mcp_?servers|context_servers|--key\b|<pass\b|(?:database|db|postgres|mysql|mongo|redis|amqp|webhook)\w{0,12}_ur[li]/i;

/** Code that reads its environment. */
const readsNames =
  /process\.env|import\.meta\.env|environ|[gG]et_?[eE]nv|LookupEnv|secrets\.|viper|Deno\.env|Bun\.env/;

/** Code in which a telling name meets a quoted value, as assignment, argument or header. */
const quoted =
  /(?:token|secret|passw(?:or)?d|passphrase|credentials?|key|authorization)["'\]]{0,2}\s{0,3}(?::=|=>|[=:,(]){1}\s{0,3}[fbru]?["'`][^"'`\s]{8}|(?:SSWS|Bearer|Basic)\s/i;

const code: ReadonlySet<FormatId> = new Set(['javascript', 'python', 'go']);

/** Says whether knowing the structure of a file can tell more than its text: parsing is what a scan spends its time on. */
export function isWorthParsing(text: string, format: FormatId): boolean {
  if (format === 'credentials') return true;
  if (!telling.test(text)) return false;
  return !code.has(format) || readsNames.test(text) || quoted.test(text);
}
