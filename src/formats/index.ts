import { AgentIdError } from '../model/error.ts';
import type { Edit } from '../model/place.ts';
import { assertConfirmed } from './confirm.ts';
import { crontab } from './crontab/index.ts';
import { dockerfile } from './dockerfile/index.ts';
import { env } from './env/index.ts';
import { go } from './go/index.ts';
import { javascript } from './javascript/index.ts';
import { json } from './json/index.ts';
import { python } from './python/index.ts';
import { shell } from './shell/index.ts';
import { yaml } from './yaml/index.ts';
import { code } from './code/index.ts';
import { credentials } from './credentials/index.ts';
import { csv } from './csv/index.ts';
import { hcl } from './hcl/index.ts';
import { ini } from './ini/index.ts';
import { notebook } from './notebook/index.ts';
import { toml } from './toml/index.ts';
import { xml } from './xml/index.ts';
import { applyEdits } from './splice.ts';
import type { Document, Format } from './types.ts';

/** Every format, in the order in which they are asked. */
export const formats: readonly Format[] = [
  env,
  crontab,
  dockerfile,
  yaml,
  json,
  javascript,
  python,
  go,
  shell,
  notebook,
  toml,
  xml,
  ini,
  credentials,
  hcl,
  csv,
  code,
];

const headLength = 1024;

/**
 * Finds the format of a file by its path relative to the root and the start of its text. What lies in an archive,
 * `outer.zip!inner/path`, is known by its path within.
 */
export function formatFor(path: string, head: string): Format | undefined {
  const inner = path.slice(path.lastIndexOf('!') + 1);
  return formats.find((format) => format.matches(inner, head));
}

/** Parses a file; `undefined` where it has no format. Throws `malformed` with `path:line`. */
export async function parseFile(text: string, path: string): Promise<Document | undefined> {
  const format = formatFor(path, text.slice(0, headLength));
  try {
    return await format?.parse(text, path);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AgentIdError('malformed', 'this file is nested too deeply', {
      where: `${path}:1`,
      cause: error,
    });
  }
}

/**
 * Re-parses a changed file and checks that exactly what was intended has changed. Throws `malformed`; nothing may
 * be written then.
 */
export async function confirmEdits(
  path: string,
  before: string,
  after: string,
  edits: readonly Edit[],
): Promise<void> {
  if (applyEdits(before, edits) !== after) {
    throw new AgentIdError('internal', 'the new text is not what the edits make', { where: path });
  }
  const [old, changed] = [await parseFile(before, path), await parseFile(after, path)];
  if (old === undefined || changed === undefined) {
    throw new AgentIdError('malformed', 'a changed file would no longer be of its format', { where: path });
  }
  assertConfirmed(old, changed, edits, after);
}

export { applyEdits };
