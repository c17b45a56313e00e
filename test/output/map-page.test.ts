import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { impact } from '../../src/inventory/impact.ts';
import type { Consumer, MappedSecret, SecretMap } from '../../src/model/consumer.ts';
import { renderMapHtml } from '../../src/output/map-html.ts';
import { background, executable, openPage, useBrowser, weakest, type Opened } from './browser.ts';
import { hostile, root } from './kit.ts';

useBrowser();

function consumer(name: string, more: Partial<Consumer> = {}): Consumer {
  const path = `services/${name}/main.ts`;
  return {
    id: `code:services/${name}`,
    kind: 'code',
    path,
    line: 7,
    name,
    language: 'typescript',
    how: 'env',
    confidence: 'confirmed',
    actsFor: 'user',
    actsForReason: 'it answers requests',
    owner: { who: '@acme/identity', evidence: 'CODEOWNERS:1' },
    api: 'okta',
    places: [],
    scopes: [
      { scope: 'okta.users.manage', evidence: [{ path, line: 13, call: 'client.userApi.unlockUser' }] },
    ],
    unknown: [],
    state: 'found',
    ...more,
  };
}

function secret(n: number, consumers: readonly Consumer[], more: Partial<MappedSecret> = {}): MappedSecret {
  return {
    secret: (n + 7).toString(16).padStart(32, '0'),
    rule: 'okta-api-token',
    provider: 'okta',
    names: [`OKTA_TOKEN_${n}`],
    storedIn: [{ path: '.env', startLine: 1, startColumn: 1, endLine: 1, endColumn: 9, slot: 'OKTA_TOKEN' }],
    consumers,
    reaches: [{ api: 'okta', operations: ['unlockUser'], scopes: ['okta.users.manage'] }],
    owner: { who: '@acme/platform', evidence: 'CODEOWNERS:2' },
    risk: { score: 80 - n, reasons: ['+30 its value is committed to git (.env)'] },
    ...more,
  };
}

const estate: SecretMap = {
  secrets: [
    secret(50, [consumer('billing', { state: 'verified', owner: { who: null, evidence: 'no git' } })]),
    secret(1, [
      consumer('portal'),
      consumer('groups', {
        kind: 'script',
        confidence: 'unknown',
        owner: { who: '@acme/operations', evidence: 'CODEOWNERS:3' },
        scopes: [],
        unknown: [{ path: 'scripts/groups.sh', line: 3, why: 'the path is made at run time' }],
      }),
    ]),
  ],
  unresolved: [
    { path: 'typed.py', line: 3, why: 'an Okta token is sent here', secret: null, provider: 'okta' },
  ],
};

async function open(map: SecretMap, scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  const html = await renderMapHtml({
    map,
    impact: impact(map),
    name: 'acme',
    ended: '2026-11-25T00:00:01Z',
    readPagePart: (name) => Promise.resolve(readFileSync(join(root, 'dist/output/page', name), 'utf8')),
  });
  return openPage(html, scheme);
}

async function texts(page: Page, selector: string): Promise<readonly string[]> {
  return page.locator(selector).allTextContents();
}

describe.skipIf(executable === undefined)('the HTML map in a browser', () => {
  it('leads from secrets to consumers, scopes and what is unknown, the gravest first', async () => {
    const { page, asked, said } = await open(estate);
    expect(await page.title()).toBe('Map of secrets in acme');
    expect(await texts(page, '.tile b')).toEqual(['2', '3', '1', '1', '1', '1']);
    expect(await page.locator('.verdict').textContent()).toContain('Do not revoke yet');
    expect(await texts(page, '.card .label')).toEqual([
      'OKTA_TOKEN_1',
      'OKTA_TOKEN_50',
      'Places that no consumer explains',
    ]);
    const groups = page.getByRole('region', { name: 'code:services/groups' });
    expect(await groups.textContent()).toContain('scripts/groups.sh:3the path is made at run time');
    await page.getByText('okta.users.manage').nth(1).click();
    expect(await page.getByText('services/portal/main.ts:13').isVisible()).toBe(true);
    expect([asked, said]).toEqual([[], []]);
  });

  it('shows what one owner has to do, and what is unknown or to migrate', async () => {
    const { page } = await open(estate);
    const names = (): Promise<readonly string[]> => texts(page, '.flow strong');
    expect(await texts(page, 'select option')).toEqual([
      'All owners',
      '@acme/identity (1)',
      '@acme/operations (1)',
      'nobody (1)',
    ]);
    await page.getByLabel('Owner').selectOption('@acme/operations');
    expect(await names()).toEqual(['groups']);
    await page.getByLabel('Owner').selectOption('');
    await page.getByRole('button', { name: 'To migrate' }).click();
    expect(await names()).toEqual(['portal', 'groups']);
    await page.getByRole('button', { name: 'Unknown' }).click();
    expect(await names()).toEqual(['groups']);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByLabel('Filter').fill('BILLING');
    expect(await names()).toEqual(['billing']);
    expect(await page.getByRole('status').textContent()).toBe('1 secret · 1 consumer');
    await page.getByLabel('Filter').fill('no such thing');
    await page.getByRole('button', { name: 'Show everything' }).click();
    expect(await names()).toEqual(['portal', 'groups', 'billing']);
  });

  it('works by keyboard alone', async () => {
    const { page } = await open(estate);
    await page.keyboard.press('/');
    await page.keyboard.type('groups.sh');
    expect(await texts(page, '.card .label')).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    expect(await page.locator('.card').first().getAttribute('open')).toBe(null);
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').isVisible()).toBe(true);
  });

  it('shows hostile names as text', async () => {
    const odd = hostile.map((name) =>
      consumer(name, { path: name, owner: { who: name, evidence: name }, actsForReason: name }),
    );
    const { page, said } = await open({ secrets: [secret(1, odd, { names: hostile })], unresolved: [] });
    expect(await page.locator('.flow strong').count()).toBe(hostile.length);
    expect(await texts(page, '.flow strong')).toContain('<script>alert(1)</script>.env');
    expect(await texts(page, '.flow strong')).toContain(String.raw`\u202eevil.env`);
    expect(await page.locator('main script, main b, main a').count()).toBe(0);
    expect(said).toEqual([]);
  });

  it('is light or dark as the reader wants, with enough contrast, and fits a telephone', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(estate, scheme);
      expect(await background(page)).toBe(scheme);
      expect(await weakest(page)).toBeGreaterThanOrEqual(4.5);
      await page.setViewportSize({ width: 360, height: 700 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    }
  });

  it('takes 2,000 secrets with ten consumers each', async () => {
    const ten = Array.from({ length: 10 }, (_, n) => consumer(`service-${n}`));
    const { page, said } = await open({
      secrets: Array.from({ length: 2_000 }, (_, n) => secret(n, ten)),
      unresolved: [],
    });
    expect(await page.locator('.card').count()).toBe(100);
    await page.getByLabel('Filter').fill('okta_token_1999');
    expect(await texts(page, '.card .label')).toEqual(['OKTA_TOKEN_1999']);
    expect(said).toEqual([]);
  });

  it('says so where nothing was found', async () => {
    const { page } = await open({ secrets: [], unresolved: [] });
    expect(await page.locator('.empty strong').textContent()).toBe('No long-lived secret was found.');
    expect(await page.locator('.verdict').textContent()).toBe('Nothing was found.');
  });
});
