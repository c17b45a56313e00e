import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHttp } from '../../src/lib/http.ts';
import { loginByDevice } from '../../src/sources/github/device.ts';
import { toGithubHost } from '../../src/sources/github/host.ts';
import { createPace } from '../../src/sources/github/pace.ts';
import { findReferences } from '../../src/survey/github/references.ts';
import { makeTree, run } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';
import { scanGithub, startGithub } from './kit.ts';

const accounts = { ada: { type: 'User', repositories: { notes: { files: { a: 'a\n' } } } } } as const;

describe('scan --github, refused', () => {
  it('says what is wrong with the token, the name or the rights', async () => {
    const place = await startGithub(accounts);
    const wrong = { ...place.env, GH_ENTERPRISE_TOKEN: fillIn('ghp_{alnum:30}{crc62}') };
    const tries = [
      [wrong, 'ada', /error\[host-refused\]: GitHub does not accept the token/],
      [place.env, 'nobody', /error\[unknown-name\]: GitHub has none of that name/],
      [place.env, 'ada/nothing', /error\[unknown-name\]/],
      [place.env, 'ada/../x', /error\[usage\]: --github takes OWNER or OWNER\/REPO/],
      [place.env, '-x', /error\[usage\]/],
      [
        { ...place.env, GH_ENTERPRISE_TOKEN: '', GH_TOKEN: place.token },
        'ada',
        /error\[host-refused\]: there is no token for 127\.0\.0\.1/,
      ],
      [{ ...place.env, GITHUB_API_URL: 'http://github.acme.example' }, 'ada', /error\[untrusted-issuer\]/],
      [
        { ...place.env, GITHUB_SERVER_URL: 'https://evil.example' },
        'ada',
        /error\[usage\]: the API and the server/,
      ],
    ] as const;
    for (const [env, named, said] of tries) {
      const ran = await run(['scan', '--github', named], { cwd: makeTree({}), env: { PATH: '', ...env } });
      expect([named, ran.code, ran.err]).toEqual([named, 2, expect.stringMatching(said)]);
      expect(ran.err + ran.out).not.toContain(wrong.GH_ENTERPRISE_TOKEN.slice(4, 14));
    }
    place.double.denied.push(/^\/users\//);
    const denied = await run(['scan', '--github', 'ada'], { cwd: makeTree({}), env: place.env });
    expect(denied.err).toMatch(/error\[host-refused\][\s\S]+Contents/);
  });

  it('refuses a path, and a second thing to look at', async () => {
    const { env } = await startGithub(accounts);
    for (const more of [['src'], ['--staged'], ['--machine'], ['--history']])
      expect((await run(['scan', '--github', 'ada', ...more], { cwd: makeTree({}), env })).code).toBe(2);
  });

  it('waits as a limit says, and tries again', async () => {
    const place = await startGithub(accounts);
    place.double.faults.push(
      { path: /^\/users\/ada$/, status: 403, headers: { 'retry-after': '1' }, times: 1 },
      { path: /^\/users\/ada$/, status: 502, times: 1 },
      { path: /\/environments$/, status: 429, headers: { 'retry-after': '0' }, times: 2 },
    );
    const report = await scanGithub(place, 'ada');
    expect(report.code).toBe(0);
    expect(report.err).toContain('waiting 1 s, as GitHub asks');
    expect(place.double.count(/^\/users\/ada$/)).toBe(3);
    expect(place.double.count(/\/environments$/)).toBe(3);
  });

  it('does not wait for longer than a limit lasts', async () => {
    const place = await startGithub(accounts);
    place.double.faults.push({ path: /^\/users\/ada$/, status: 429, headers: { 'retry-after': '90000' } });
    const ran = await run(['scan', '--github', 'ada'], { cwd: makeTree({}), env: place.env });
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('asks to wait for 1500 minutes')]);
  });

  it('takes the token of gh where the environment has none', async () => {
    const place = await startGithub(accounts);
    const bin = makeTree({
      gh: `#!/bin/sh\n[ "$1 $2 $3" = "auth token --hostname" ] && echo ${place.token}\n`,
    });
    chmodSync(join(bin, 'gh'), 0o755);
    const env = { ...place.env, GH_ENTERPRISE_TOKEN: '', PATH: `${bin}:/bin:/usr/bin` };
    expect((await scanGithub({ env }, 'ada')).code).toBe(0);
  });
});

describe('loginByDevice', () => {
  it('shows where to approve, and waits until a person did', async () => {
    const { double, token, env } = await startGithub(accounts);
    const shown: string[] = [];
    const login = loginByDevice(
      createHttp(),
      toGithubHost(env),
      'an-oauth-app',
      (url, code) => void shown.push(url, code),
    );
    expect((await login).open()).toBe(token);
    expect(shown).toEqual([`${double.url}/login/device`, 'WDJB-MJHT']);
    expect(double.count(/access_token$/)).toBe(2);
  });
});

describe('toGithubHost', () => {
  it('goes by the variables of Actions and gh, and to one host', () => {
    const api = (env: NodeJS.ProcessEnv): string => `${toGithubHost(env).api} ${toGithubHost(env).server}`;
    expect(api({})).toBe('https://api.github.com https://github.com');
    expect(api({ GH_HOST: 'git.acme.example' })).toBe(
      'https://git.acme.example/api/v3 https://git.acme.example',
    );
    expect(api({ GITHUB_SERVER_URL: 'https://acme.ghe.com/' })).toBe(
      'https://api.acme.ghe.com https://acme.ghe.com',
    );
    expect(api({ GITHUB_API_URL: 'http://127.0.0.1:8/api/v3' })).toBe(
      'http://127.0.0.1:8/api/v3 http://127.0.0.1:8',
    );
    const mixed = { GITHUB_API_URL: 'https://api.github.com', GITHUB_SERVER_URL: 'http://127.0.0.1:8' };
    expect(() => toGithubHost(mixed)).toThrow(/different hosts/);
  });
});

describe('createPace', () => {
  it("counts to the reset by the host's own clock", async () => {
    const said: string[] = [];
    const pace = createPace({ clock: () => 0, say: (text) => void said.push(text) });
    const now = Date.UTC(2026, 10, 25, 9);
    const limits = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000) };
    pace.after({ ...limits, date: new Date(now).toUTCString() });
    await pace.before();
    expect(said).toEqual(['waiting 1 s, as GitHub asks']);
    expect(await pace.again(403, {}, 1)).toBe(false);
    expect(await pace.again(404, { 'retry-after': '1' }, 1)).toBe(false);
    await expect(pace.again(403, limits, 1)).rejects.toThrow(/minutes/);
  });
});

describe('findReferences', () => {
  it('finds what a workflow reads, by any way of writing', () => {
    const text = [
      'a: ${{ secrets.ONE }} ${{ vars.two }}',
      "b: ${{ secrets['THREE'] }}",
      '# c: ${{ secrets.NONE }}',
      '    secrets: inherit',
      'd: ${{ toJSON(secrets) }}',
      'e: my-secrets.txt',
    ].join('\n');
    expect(findReferences(text).map(({ kind, name, line }) => `${kind} ${name} ${line}`)).toEqual([
      'secret ONE 1',
      'variable TWO 1',
      'secret THREE 2',
      'secret * 4',
      'secret * 5',
    ]);
  });
});
