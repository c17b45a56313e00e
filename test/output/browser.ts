import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

export const executable = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== '' && existsSync(path));

if (executable === undefined)
  process.stderr.write('skipped: no Chromium here; apt-get install chromium, or name one in CHROMIUM\n');

let browser: Browser;

/** Has a browser in a test file. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (executable === undefined) return;
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: executable, args });
  });
  afterAll(async () => {
    if (executable !== undefined) await browser.close();
  });
}

export interface Opened {
  readonly page: Page;
  /** What it asked the network for. */
  readonly asked: readonly string[];
  /** What it complained about. */
  readonly said: readonly string[];
}

/** Opens a page from a file, and notes whatever it asks for or complains about. */
export async function openPage(html: string, scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  const file = join(mkdtempSync(join(tmpdir(), 'agent-id-page-')), 'report.html');
  writeFileSync(file, html);
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width: 1200, height: 900 } });
  const asked: string[] = [];
  const said: string[] = [];
  page.on('request', (request) => void asked.push(request.url()));
  page.on('console', (message) => void said.push(message.text()));
  page.on('pageerror', (error) => void said.push(error.message));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(file).href);
  return { page, asked: asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:')), said };
}

/** Says whether a page is light or dark. */
export async function background(page: Page): Promise<string> {
  const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const [red = 0] = color.match(/\d+/g)?.map(Number) ?? [];
  return red > 128 ? 'light' : 'dark';
}

/** The least contrast between a text of the page and what it stands on, as WCAG measures it. */
export async function weakest(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((part, at) => part * a + under[at] * (1 - a));
    const ground = (element) => {
      const chain = [];
      for (let at = element; at; at = at.parentElement) chain.unshift(at);
      return chain.reduce((under, at) => over(rgba(getComputedStyle(at).backgroundColor), under), [1, 1, 1]);
    };
    const light = (color) => {
      const [r, g, b] = color.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const texts = [...document.querySelectorAll('body *')].filter(
      (element) =>
        element.checkVisibility() &&
        !element.closest(':disabled, [aria-pressed="false"].chip') &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''),
    );
    const ratios = texts.map((element) => {
      const under = ground(element);
      const [a, b] = [light(over(rgba(getComputedStyle(element).color), under)), light(under)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
    return Math.min(...ratios);
  })()`);
}
