import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolder } from './kit.ts';

// Below node_modules, so that what stays external is found from there.
const folder = join(import.meta.dirname, '../../node_modules/.cache/agent-id-idp-test');
const program = join(folder, 'program.js');

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'program.ts'),
    platform: 'node',
    external: [/^node:/, /^oidc-provider$/, /^@napi-rs\//],
  });
  await bundle.write({ dir: folder, format: 'esm' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], home: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'idp', ...args], {
      env: { AGENT_ID_HOME: home, PATH: process.env['PATH'] },
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (text.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (text.err += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
}

it('starts in the background, says nothing of its library, and ends on request', async () => {
  const home = await makeFolder();
  const started = await run(['start'], home);
  try {
    expect(started.code).toBe(0);
    expect(started.out).toMatch(/^issuer {8}http:\/\/127\.0\.0\.1:\d+\nOkta-shaped .*\nPassword API .*\n$/);
    expect(started.err).not.toMatch(/oidc-provider|warning/i);
    expect(started.err).toMatch(/user-x signs in with the password \S{20} \(shown once/);
    expect((await run(['status'], home)).out).toContain(': running');
    const pid = await readFile(join(home, 'embedded-idp', 'server.pid'), 'utf8');
    expect(Number(pid)).toBeGreaterThan(1);
    const twice = await run(['start', '--format', 'json'], home);
    expect([twice.code, JSON.parse(twice.out)]).toMatchObject([2, { error: { code: 'port-taken' } }]);
    expect((await run(['add', 'local', '--type', 'embedded'], home)).code).toBe(0);
    expect((await run(['check', 'local'], home)).code).toBe(0);
  } finally {
    expect((await run(['stop'], home)).err).toContain('Stopped http://127.0.0.1:');
  }
  expect((await run(['stop'], home)).err).toBe('It did not run.\n');
  const away = await run(['check', 'local'], home);
  expect([away.code, away.out]).toEqual([
    1,
    expect.stringContaining('no   metadata: the server does not answer'),
  ]);
  const port = Number(new URL(/http:\S+/.exec(started.out)?.[0] ?? '').port);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
  expect((await run(['start'], home)).err).toContain(`error[port-taken]: port ${port} is taken`);
  await new Promise((resolve) => squatter.close(resolve));
});
