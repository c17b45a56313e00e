import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/model/finding.ts';
import { background, executable, openPage, useBrowser, weakest, type Opened } from './browser.ts';
import { finding, hostile, render } from './kit.ts';

useBrowser();

const findings: readonly Finding[] = [
  finding(1, { path: 'src/a.env' }),
  finding(2, { path: 'src/b.env', secret: finding(1).secret }),
  finding(3, {
    path: 'ops/c.env',
    provider: 'slack',
    rule: 'slack-token',
    title: 'Slack token',
    severity: 'high',
  }),
  finding(4, { path: 'src/main.ts', kind: 'use', severity: 'info' }),
  finding(5, { path: 'old/d.env', state: 'baseline', reason: 'sandbox', expires: '2027-01-01' }),
  finding(6, {
    path: 'agent-id.config.yaml',
    kind: 'policy',
    name: null,
    severity: 'medium',
    title: 'Policy',
  }),
];

async function open(shown: readonly Finding[], scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  return openPage(
    await render('html', shown, { skipped: [{ path: '<b>x</b>.bin', reason: 'binary' }] }),
    scheme,
  );
}

async function labels(page: Page): Promise<readonly string[]> {
  return page.locator('.card .label').allTextContents();
}

describe.skipIf(executable === undefined)('the HTML report in a browser', () => {
  it('shows what is open, the gravest first, and asks the network for nothing', async () => {
    const { page, asked, said } = await open(findings);
    expect(await page.title()).toBe('Secrets in acme');
    expect(await page.locator('.tile b').allTextContents()).toEqual(['2', '3', '1', '1', '6', '1', '1']);
    expect(await labels(page)).toEqual([
      'Okta API token',
      'Slack token',
      'Policy',
      'OKTA_API_TOKEN is read by name',
    ]);
    expect(await page.locator('.card .n').allTextContents()).toEqual([
      '2 places',
      '1 place',
      '1 place',
      '1 place',
    ]);
    expect([asked, said]).toEqual([[], []]);
  });

  it('shows hostile names as text', async () => {
    const { page, said } = await open(
      hostile.map((path, n) => finding(n, { path, name: path, reasons: [path] })),
    );
    await page.keyboard.press('e');
    await page.waitForFunction(`document.querySelectorAll('.place').length === ${hostile.length}`);
    const paths = await page.locator('.place .path').allTextContents();
    expect(paths.some((path) => path.startsWith('<script>alert(1)</script>.env:'))).toBe(true);
    expect(paths.some((path) => path.startsWith(String.raw`\u202eevil.env`))).toBe(true);
    expect(await page.locator('main script, main b, main a').count()).toBe(0);
    expect(said).toEqual([]);
  });

  it('lets no other script or style run', async () => {
    const { page, said } = await open(findings);
    const ran = await page.evaluate<boolean>(`(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      const image = document.createElement('img');
      image.src = 'http://127.0.0.1:9/x.png';
      document.body.append(script, image);
      return 'ran' in globalThis;
    })()`);
    expect(ran).toBe(false);
    await expect.poll(() => said.join('\n')).toMatch(/Content Security Policy[^]*Content Security Policy/);
  });

  it('filters, groups and changes state by mouse', async () => {
    const { page } = await open(findings);
    await page.getByLabel('Filter').fill('ops/');
    expect(await labels(page)).toEqual(['Slack token']);
    await page.getByLabel('Filter').fill('');
    await page.getByRole('button', { name: 'Owner' }).click();
    expect(await labels(page)).toEqual(['@acme/platform', 'No owner in CODEOWNERS']);
    await page.getByRole('button', { name: 'Provider' }).click();
    expect(await labels(page)).toEqual(['okta', 'slack']);
    await page.getByRole('button', { name: 'Accepted' }).click();
    expect(await page.locator('.place .accepted, .place .badge').allTextContents()).toEqual(['accepted']);
    await page.getByRole('button', { name: 'All' }).click();
    await page.getByRole('button', { name: 'critical' }).click();
    expect(await page.getByRole('status').textContent()).toBe('2 groups · 3 places');
  });

  it('works by keyboard alone', async () => {
    const { page } = await open(findings);
    await page.keyboard.press('/');
    await page.keyboard.type('slack');
    expect(await labels(page)).toEqual(['Slack token']);
    await page.keyboard.press('Escape');
    expect((await labels(page)).length).toBe(5);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const focused = page.locator('summary:focus');
    expect(await focused.locator('.label').textContent()).toBe((await labels(page))[1]);
    const card = page.locator('.card:has(summary:focus)');
    const before = await card.getAttribute('open');
    await page.keyboard.press('Enter');
    expect((await card.getAttribute('open')) === before).toBe(false);
    await page.keyboard.press('g');
    expect(await labels(page)).toEqual(['okta', 'slack']);
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').isVisible()).toBe(false);
  });

  it('is light or dark as the reader wants, with enough contrast, and changes by key', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(findings, scheme);
      expect(await background(page)).toBe(scheme);
      expect(await weakest(page)).toBeGreaterThanOrEqual(4.5);
      await page.keyboard.press('t');
      expect(await background(page)).toBe(scheme === 'light' ? 'dark' : 'light');
      expect(await weakest(page)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('fits a telephone', async () => {
    const { page } = await open(findings);
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('takes 50,000 findings', async () => {
    const before = performance.now();
    const { page, said } = await open(Array.from({ length: 50_000 }, (_, n) => finding(n)));
    expect(await page.locator('.card').count()).toBe(100);
    await page.getByLabel('Filter').fill('file-49999.env');
    expect(await page.locator('.card').count()).toBe(1);
    expect(said).toEqual([]);
    expect(performance.now() - before).toBeLessThan(30_000);
  });

  it('says so where nothing was found', async () => {
    const { page } = await open([]);
    expect(await page.locator('.empty strong').textContent()).toBe('No long-lived secret was found.');
  });
});
