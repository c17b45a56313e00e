import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { makeTree, run, scan } from './scan-kit.ts';

function jwt(exp: number): string {
  const part = (of: object): string => Buffer.from(JSON.stringify(of)).toString('base64url');
  return fillIn(
    `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ci', iat: exp - 9e7, exp })}.{alnum:43}`,
  );
}

describe('explain FILE:LINE', () => {
  const value = fillIn('{alnum:32}');
  const root = makeTree({
    '.env': `ACME_TOKEN=${value}\nACME_API_KEY=your-key-here\nTOKEN_TTL=360000\nAPI_KEY=key-of-the-app\nX=1\n`,
  });

  it.each([
    [1, 'reported, confidence medium'],
    [2, 'not reported: it is a reference, a stand-in'],
    [3, 'not reported: its name is that of an id'],
    [4, 'not reported: its score is'],
    [5, 'nothing here stands under a telling name'],
  ])('says of line %i: %s', async (line, words) => {
    const { out, code } = await run(['explain', `.env:${line}`], { cwd: root });
    expect(out).toContain(words);
    expect(out).not.toContain(value);
    expect(code).toBe(0);
  });

  it('refuses a line that is not there', async () => {
    const { err, code } = await run(['explain', '.env:99'], { cwd: root });
    expect(err).toContain('there is no such line');
    expect(code).toBe(2);
  });
});

describe('a token that says when it ends', () => {
  it('matters less when it has ended', async () => {
    const { findings } = await scan(
      makeTree({ 'old.txt': `x: ${jwt(1_600_000_000)}\n`, 'new.txt': `x: ${jwt(4_000_000_000)}\n` }),
    );
    const byPath = new Map(findings.map((one) => [one.location.path, one]));
    expect(byPath.get('old.txt')?.severity).toBe('low');
    expect(byPath.get('old.txt')?.reasons).toContain('it has expired');
    expect(byPath.get('new.txt')?.severity).toBe('medium');
    expect(byPath.get('new.txt')?.reasons).not.toContain('it has expired');
  });
});
