import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTree, oktaToken, run, type ScanJson } from '../commands/scan-kit.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const FILES = 6100;

/** Places of what was found, without what differs from run to run. */
function placesOf(report: ScanJson): readonly string[] {
  return report.findings.map(({ id, location }) => `${id} ${location.path}:${String(location.startLine)}`);
}

describe('a large tree', () => {
  it('is looked at by two threads, and gives what one alone gives, in the same order', async () => {
    const root = makeTree(
      Object.fromEntries(
        Array.from({ length: FILES }, (_, n) => [
          `part${String(n % 50)}/file${String(n)}.txt`,
          n % 700 === 3 ? `first\nOKTA_API_TOKEN=${oktaToken()}\n` : `line of file ${String(n)}\n`,
        ]),
      ),
    );
    const args = ['scan', root, '--format', 'json', '--exit-zero', '--no-cache'];
    const built = JSON.parse(
      execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' }),
    ) as ScanJson;
    const alone = JSON.parse((await run(args, { cwd: root })).out) as ScanJson;
    expect(placesOf(built)).toHaveLength(9);
    expect(placesOf(built)).toEqual(placesOf(alone));
    expect(built.stats).toEqual(alone.stats);
    expect(built.stats['files']).toBe(FILES);
  }, 60_000);
});
