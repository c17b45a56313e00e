import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Document } from 'yaml';
import { AgentIdError } from '../model/error.ts';
import { readTreeFile, realPath } from './walk.ts';

export const configName = 'agent-id.config.yaml';

/** `agent-id.config.yaml`: data only, never executed, and never trusted for hosts. */
export interface Config {
  readonly salt: string | null;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Files of rules, relative to the top of the repository. */
  readonly rules: readonly string[];
  readonly displayNames: Readonly<Record<string, string>>;
  /** Owners that a person named, by agent id. */
  readonly owners: Readonly<Record<string, string>>;
  /** Name of the trusted identity provider that this repository uses; null where it does not say. */
  readonly idp: string | null;
  /** Fields that this version does not know. */
  readonly unknown: readonly string[];
}

/** Settings where none are read. */
export const noConfig: Config = {
  salt: null,
  include: [],
  exclude: [],
  rules: [],
  displayNames: {},
  owners: {},
  idp: null,
  unknown: [],
};
const known = new Set(['schemaVersion', 'fingerprint', 'scan', 'idp', 'resources', 'agents']);
/** Fields of other tools' settings by which those run what a repository says. */
const running =
  /^(?:run|exec|eval|shell|script|command|hook|plugin|require|import|pre|post|before|after)(?:s|[-_A-Z].*)?$/;
const MOST_BYTES = 200_000;

/**
 * Reads the settings of a root; defaults where there are none. A link is not followed, except by a person who names
 * the file. Throws `malformed` or `newer-schema`; says where, and never what stands there.
 */
export async function readConfig(root: string, file?: string): Promise<Config> {
  const path = file === undefined ? join(root, configName) : await realPath(file);
  const read = readTreeFile(path, MOST_BYTES);
  if ('reason' in read) {
    if (read.reason === 'gone while scanning') return noConfig;
    throw malformed(path, `cannot be read: ${read.reason}`);
  }
  return parseConfig(read.text, path);
}

/** Reads the text of settings. Throws as `readConfig` does. */
export async function parseConfig(text: string, path: string): Promise<Config> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined)
    throw malformed(`${path}:${error.linePos?.[0].line ?? 1}`, `is not YAML (${error.code})`);
  const [tagged] = document.warnings;
  if (tagged !== undefined)
    throw malformed(`${path}:${tagged.linePos?.[0].line ?? 1}`, `asks for more than data (${tagged.code})`);
  return toConfig(toRecord(toPlain(document, path)), path);
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw malformed(path, 'has aliases, which settings do not need');
  }
}

/** Makes a salt for a repository's fingerprints: 32 random bytes, base64url. */
export function newSalt(): string {
  return randomBytes(32).toString('base64url');
}

/** Makes the text of a fresh settings file, with a salt of its own. */
export function newConfigText(salt: string = newSalt()): string {
  return `# Settings of agent-id: data only, never executed.
schemaVersion: 1

# Keeps fingerprints of this repository apart from others'. Not a secret, but keep it: baselines depend on it.
fingerprint:
  salt: ${salt}

# scan:
#   exclude: ['test/fixtures/**']

# agents:
#   password-reset:
#     displayName: Password-Reset Agent
`;
}

function toConfig(data: Readonly<Record<string, unknown>>, file: string): Config {
  if (typeof data['schemaVersion'] === 'number' && data['schemaVersion'] > 1) {
    throw new AgentIdError('newer-schema', `${configName} is of a newer version`, {
      where: file,
      hint: 'Upgrade agent-id.',
    });
  }
  const scan = toRecord(data['scan']);
  const asks = [...Object.keys(data), ...Object.keys(scan)].find((field) => running.test(field));
  if (asks !== undefined) throw malformed(file, `asks to run something (${asks}): it is data only`);
  const salt = toRecord(data['fingerprint'])['salt'];
  return {
    salt: typeof salt === 'string' && salt.length >= 16 ? salt : null,
    include: strings(scan['include']),
    exclude: strings(scan['exclude']),
    rules: strings(scan['rules']),
    displayNames: texts(data['agents'], 'displayName'),
    owners: texts(data['agents'], 'owner'),
    idp: typeof data['idp'] === 'string' ? data['idp'] : null,
    unknown: Object.keys(data).filter((key) => !known.has(key)),
  };
}

/** Gives one text field of each entry that has it. */
function texts(entries: unknown, field: string): Readonly<Record<string, string>> {
  const found = Object.entries(toRecord(entries)).flatMap(([id, entry]) => {
    const text = toRecord(entry)[field];
    return typeof text === 'string' ? [[id, text] as const] : [];
  });
  return Object.fromEntries(found);
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function malformed(file: string, what: string): AgentIdError {
  return new AgentIdError('malformed', `${configName} ${what}`, {
    where: file,
    hint: 'Correct it, or run with --no-config.',
  });
}
