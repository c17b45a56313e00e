import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verbs } from '../../src/commands/index.ts';
import { processIo } from '../../src/lib/process-io.ts';
import { run } from './scan-kit.ts';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;
for (const shell of ['bash', 'zsh', 'fish'])
  if (!has(shell)) process.stderr.write(`skipped: no ${shell} here, its completion is not run\n`);

let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'agent-id-complete-')));
  mkdirSync(join(folder, 'my services'));
  writeFileSync(join(folder, 'myplan.json'), '{}');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out, code, err } = await run(['completion', shell], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    writeFileSync(join(folder, `agent-id.${shell}`), out);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Asks a real bash what it offers for a line; the words are split as readline does, at `=` too. */
function offered(line: string): readonly string[] {
  const words = line.split(/(=)|\s+/).filter((word) => word !== undefined);
  const script = `
    source agent-id.bash
    complete -p agent-id > /dev/null || exit 9
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
    _agent_id agent-id "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}" 2> /dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return out.split('\n').filter((word) => word !== '');
}

describe.skipIf(!has('bash'))('completion in bash', () => {
  it('offers every verb, what stands below it, and every flag that it declares', async () => {
    const program = new Command().enablePositionalOptions();
    for (const verb of verbs) (await verb.load())(program, processIo());
    expect([...offered('agent-id ')].sort()).toEqual(verbs.map(({ name }) => name).sort());
    let flags = 0;
    const check = (command: Command, words: string): void => {
      const declared = command.options.map(({ long }) => long);
      flags += declared.length;
      expect([words, offered(`agent-id ${words} --`)]).toEqual([words, expect.arrayContaining(declared)]);
      const below = command.commands.filter((one) => one.name() !== 'sign');
      if (below.length === 0) return;
      expect(offered(`agent-id ${words} `)).toEqual(below.map((one) => one.name()));
      for (const one of below) check(one, `${words} ${one.name()}`);
    };
    for (const command of program.commands) check(command, command.name());
    expect(flags).toBeGreaterThan(120);
  }, 120_000);

  it.each([
    ['agent-id sc', ['scan']],
    ['agent-id -C somewhere --quiet m', ['map', 'migrate']],
    ['agent-id map --format h', ['html']],
    ['agent-id map --format=h', ['html']],
    ['agent-id map --format=', ['text', 'json', 'html', 'mermaid', 'dot']],
    ['agent-id map --format json --im', ['--impact']],
    ['agent-id scan --severity=high --fail-on ', ['literal', 'any', 'never']],
    ['agent-id audit export --format o', ['ocsf']],
    ['agent-id completion ', ['bash', 'zsh', 'fish']],
    ['agent-id scan my', ['my services', 'myplan.json']],
    ['agent-id migrate --plan myp', ['myplan.json']],
    ['agent-id scan --reason ', []],
    ['agent-id agents show --f', ['--format']],
    ['agent-id exec --agent a -- agent-i', expect.any(Array)],
    ['agent-id exec --agent a -- cat myp', ['myplan.json']],
    ['agent-id no-such-verb --', expect.any(Array)],
  ])('%s', (line, words) => {
    expect(new Set(offered(line))).toEqual(Array.isArray(words) ? new Set(words) : expect.anything());
  });

  it('is installed by eval', () => {
    const out = execFileSync(
      'bash',
      ['--norc', '-c', 'eval "$(cat agent-id.bash)" && complete -p agent-id'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect(out).toBe('complete -F _agent_id agent-id\n');
  });
});

describe.skipIf(!has('zsh'))('completion in zsh', () => {
  it('is a script that zsh reads', () => {
    expect(spawnSync('zsh', ['-n', join(folder, 'agent-id.zsh')]).status).toBe(0);
  });
});

describe.skipIf(!has('fish'))('completion in fish', () => {
  it('offers verbs and the values of flags', () => {
    const ask = (line: string): string =>
      execFileSync('fish', ['--no-config', '-c', `source agent-id.fish; complete -C '${line}'`], {
        cwd: folder,
        encoding: 'utf8',
      });
    expect(ask('agent-id sc')).toMatch(/^scan/);
    expect(ask('agent-id map --format h')).toMatch(/^html/);
    expect(ask('agent-id agents sh')).toMatch(/^show/);
  });
});

it('knows no other shell', async () => {
  const { code, err } = await run(['completion', 'tcsh'], { cwd: folder });
  expect([code, err]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});
