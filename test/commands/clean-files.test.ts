import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { makeTree, oktaToken, run, type ScanJson } from './scan-kit.ts';

const filler = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`src/f${n}.txt`, `line ${n}\n`]));
const HOUR = 60 * 60 * 1000;

interface Place {
  readonly root: string;
  readonly home: string;
}

function makePlace(): Place {
  const root = makeTree({
    ...filler,
    'src/app.env': `OKTA_API_TOKEN=${oktaToken()}\n`,
    'logo.png': Buffer.alloc(9),
  });
  return { root, home: mkdtempSync(join(tmpdir(), 'agent-id-home-')) };
}

/** Scans as if it were some hours later, so that no file is too young to be known. */
async function scan({ root, home }: Place, hours: number, ...args: readonly string[]): Promise<ScanJson> {
  const { out } = await run(['scan', '--format', 'json', '--exit-zero', ...args], {
    cwd: root,
    env: { AGENT_ID_HOME: home },
    now: Date.now() + hours * HOUR,
  });
  return JSON.parse(out) as ScanJson;
}

function cacheOf({ home }: Place): string {
  const [name = '', ...more] = readdirSync(join(home, 'cache'));
  expect(more).toEqual([]);
  return join(home, 'cache', name);
}

describe('files in which nothing was found', () => {
  it('are not read again, and what is found stays the same', async () => {
    const place = makePlace();
    const first = await scan(place, 1);
    expect(first.stats).toMatchObject({ files: 1_001, unread: 0 });
    const second = await scan(place, 2);
    expect(second.stats).toMatchObject({ files: 1_001, unread: 1_000 });
    expect(second.findings).toEqual(first.findings);
    expect(second.skipped).toEqual(first.skipped);
    expect((await scan(place, 3, '--no-cache')).stats).not.toHaveProperty('unread');
  });

  it('are remembered by a scan of some of them only', async () => {
    const place = makePlace();
    await scan(place, 1);
    expect((await scan(place, 2, '--exclude', 'src/f7.txt')).stats).toMatchObject({ unread: 999 });
    writeFileSync(join(place.root, 'src/f8.txt'), 'eight\n');
    expect((await scan(place, 3, '--exclude', 'src/f9.txt')).stats).toMatchObject({ unread: 998 });
    expect((await scan(place, 4)).stats).toMatchObject({ files: 1_001, unread: 1_000 });
  });

  it('are read again once they change, even where size and time of change are kept', async () => {
    const place = makePlace();
    await scan(place, 1);
    const file = join(place.root, 'src/f7.txt');
    writeFileSync(file, `OKTA_API_TOKEN=${oktaToken()}\n`);
    const long = `OKTA_API_TOKEN=${oktaToken()}\n`;
    const other = join(place.root, 'src/f8.txt');
    const { atime, mtime } = statSync(other);
    writeFileSync(join(place.root, 'new'), long);
    renameSync(join(place.root, 'new'), other);
    utimesSync(other, atime, mtime);
    const { findings, stats } = await scan(place, 2);
    expect(stats['unread']).toBe(998);
    expect(findings.map(({ location }) => location.path)).toEqual(
      expect.arrayContaining(['src/app.env', 'src/f7.txt', 'src/f8.txt']),
    );
  });

  it('are known by name, size and times, for their user alone', async () => {
    const place = makePlace();
    await scan(place, 1);
    const file = cacheOf(place);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'latin1');
    expect(text).toContain('src/f7.txt');
    expect(text).not.toContain('line 7');
    expect(text).not.toContain('src/app.env');
  });

  it('are read where what is known is broken, or was changed too short before', async () => {
    const place = makePlace();
    expect((await scan(place, 0)).stats['unread']).toBe(0);
    await scan(place, 1);
    const file = cacheOf(place);
    const whole = readFileSync(file);
    for (const broken of [whole.subarray(0, 40), Buffer.alloc(whole.length)]) {
      writeFileSync(file, broken);
      expect((await scan(place, 2)).stats['unread']).toBe(0);
    }
  });

  it('are found all the same where nothing can be kept', async () => {
    const { root } = makePlace();
    for (const home of [join(root, 'src/f1.txt'), '/dev/null']) {
      const { findings } = await scan({ root, home }, 1);
      expect(findings.map(({ location }) => location.path)).toEqual(['src/app.env']);
    }
  });

  it('are looked at again where their name holds a secret', async () => {
    const place = makePlace();
    const named = `src/${fillIn('ghp_{alnum:36}')}.txt`;
    writeFileSync(join(place.root, named), 'nothing\n');
    const first = await scan(place, 1);
    const second = await scan(place, 2);
    expect(first.findings.some(({ reasons }) => reasons.includes('stands in the name of the file'))).toBe(
      true,
    );
    expect(second.findings).toEqual(first.findings);
    expect(second.stats['unread']).toBe(1_000);
  });

  it('are read where a rule of the person has a say', async () => {
    const place = makePlace();
    await scan(place, 1);
    const rules = join(place.root, 'own.toml');
    writeFileSync(rules, "[[rules]]\nid = \"line-seven\"\nregex = '''line (7)\\b'''\n");
    const { findings } = await scan(place, 2, '--rules', rules);
    expect(findings.map(({ rule }) => rule)).toContain('line-seven');
  });
});
