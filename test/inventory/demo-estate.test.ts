import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { impact } from '../../src/inventory/index.ts';
import type { MappedSecret, SecretMap } from '../../src/model/consumer.ts';
import { consumer, evidence, mapFiles, only, token } from './estate.ts';

const folder = join(import.meta.dirname, '../../src/demo/estate');

function readEstate(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'app.urllib.py') continue;
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    const text = readFileSync(join(folder, path), 'utf8');
    files[path.replace('dot-env', '.env')] = text
      .replaceAll('{{OKTA_API_TOKEN}}', token)
      .replaceAll('{{OKTA_ORG_URL}}', 'http://127.0.0.1:9');
  }
  return files;
}

describe("the article's estate", () => {
  let map: SecretMap;
  let secret: MappedSecret;
  beforeAll(async () => {
    map = await mapFiles(readEstate());
    secret = only(map);
  });

  it('finds six consumers of one token and nothing else', () => {
    expect(secret.names).toEqual(['OKTA_API_TOKEN']);
    expect(secret.consumers.map((one) => `${one.kind} ${one.name}`).sort()).toEqual([
      'ci-job sync-groups',
      'code helpdesk',
      'code onboarding',
      'code password-reset',
      'cron inactive-users',
      'mcp-server mcp-directory',
    ]);
    expect(secret.storedIn.map((place) => place.path).sort()).toEqual(['.env', '.mcp.json']);
    expect(map.unresolved).toEqual([]);
  });

  it('says where each one is, and that it is certain', () => {
    expect(secret.consumers.map((one) => one.confidence)).toEqual(Array(6).fill('confirmed'));
    expect(consumer(secret, 'password-reset')).toMatchObject({
      id: 'code:services/password-reset',
      path: 'services/password-reset/src/main.ts',
      line: 6,
      language: 'typescript',
    });
    expect(consumer(secret, 'sync-groups')).toMatchObject({
      id: 'ci-job:.github/workflows/sync-groups.yml#sync-groups',
      path: '.github/workflows/sync-groups.yml',
    });
    expect(consumer(secret, 'inactive-users')).toMatchObject({ path: 'ops/crontab', line: 3, how: 'file' });
  });

  it('gives each container to the code that it is built from', () => {
    const paths = consumer(secret, 'helpdesk').places.map((place) => place.path);
    expect([...new Set(paths)].sort()).toEqual(['compose.yaml', 'services/helpdesk/app.py']);
  });

  it('infers scopes with their lines', () => {
    expect(evidence(consumer(secret, 'password-reset'))).toEqual([
      'okta.users.manage services/password-reset/src/main.ts:13',
    ]);
    expect(evidence(consumer(secret, 'helpdesk'))).toEqual(['okta.users.manage services/helpdesk/app.py:19']);
    expect(evidence(consumer(secret, 'onboarding'))).toEqual([
      'okta.users.manage services/onboarding/main.go:15',
    ]);
    expect(evidence(consumer(secret, 'sync-groups'))).toEqual(['okta.groups.read scripts/list-groups.sh:6']);
    expect(evidence(consumer(secret, 'inactive-users'))).toEqual([
      'okta.users.read scripts/inactive-users.sh:6',
    ]);
    expect(evidence(consumer(secret, 'mcp-directory'))).toEqual([
      'okta.users.read tools/directory-mcp.mjs:12',
    ]);
    expect(secret.consumers.flatMap((one) => one.unknown)).toEqual([]);
  });

  it('says for whom each acts', () => {
    const actsFor = Object.fromEntries(secret.consumers.map((one) => [one.name, one.actsFor]));
    expect(actsFor).toEqual({
      'password-reset': 'user',
      helpdesk: 'user',
      onboarding: 'user',
      'mcp-directory': 'user',
      'sync-groups': 'itself',
      'inactive-users': 'itself',
    });
    expect(consumer(secret, 'password-reset').actsForReason).toMatch(
      /services\/password-reset\/src\/main.ts:\d+/,
    );
    expect(consumer(secret, 'inactive-users').actsForReason).toBe('no user is present in a cron line');
  });

  it('names owners with the line of CODEOWNERS', () => {
    const owners = Object.fromEntries(secret.consumers.map((one) => [one.name, one.owner]));
    expect(owners['password-reset']).toEqual({ who: '@acme/identity', evidence: 'CODEOWNERS:2' });
    expect(owners['inactive-users']).toEqual({ who: '@acme/operations', evidence: 'CODEOWNERS:5' });
    expect(owners['sync-groups']).toEqual({ who: '@acme/platform', evidence: 'CODEOWNERS:1' });
  });

  it('weighs the risk and says what breaks', () => {
    expect(secret.risk.score).toBeGreaterThanOrEqual(50);
    expect(secret.risk.reasons.join('\n')).toMatch(/6 consumers share it/);
    const answer = impact(map);
    expect(answer).toMatchObject({ clean: false, secrets: [{ confirmed: 6, probable: 0, unknown: 0 }] });
    expect(answer.secrets[0]?.breaks).toHaveLength(6);
  });

  it('holds no value', () => {
    expect(JSON.stringify(map)).not.toContain(token.slice(2, 14));
  });
});
