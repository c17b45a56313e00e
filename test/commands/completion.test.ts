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

function ask(program: string, args: readonly string[]): readonly string[] {
  const out = execFileSync(program, args, { cwd: folder, encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

/** Asks a real bash what it offers for a line; the words are split as readline does, at `=` too. */
function offeredByBash(line: string): readonly string[] {
  const words = line.split(/(=)|\s+/).filter((word) => word !== undefined);
  const script = `
    source agent-id.bash
    complete -p agent-id > /dev/null || exit 9
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
    _agent_id agent-id "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}" 2> /dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return ask('bash', ['--norc', '-c', script, 'bash', ...words]);
}

/** Presses TAB in a real zsh. */
function offeredByZsh(line: string): readonly string[] {
  const driver = join(import.meta.dirname, 'complete.zsh');
  return ask('zsh', ['-f', driver, 'agent-id.zsh', line]).map((word) => word.replaceAll('\\', ''));
}

/** Asks a real fish; it says the flag of a value again, what a word means, and that a folder is one. */
function offeredByFish(line: string): readonly string[] {
  const words = ask('fish', ['--no-config', '-c', 'source agent-id.fish; complete -C $argv[1]', line]);
  return words.map((word) => word.replace(/\t.*/, '').replace(/^--[\w-]+=|\/$/g, ''));
}

const cases: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['agent-id sc', ['scan']],
  ['agent-id -C somewhere --quiet m', ['map', 'migrate']],
  ['agent-id -C map sc', ['scan']],
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
  ['agent-id exec --agent a -- cat myp', ['myplan.json']],
];

describe.skipIf(!has('bash'))('completion in bash', () => {
  it('offers every verb, what stands below it, and every flag that it declares', async () => {
    const program = new Command().enablePositionalOptions();
    for (const verb of verbs) (await verb.load())(program, processIo());
    expect([...offeredByBash('agent-id ')].sort()).toEqual(verbs.map(({ name }) => name).sort());
    let flags = 0;
    const check = (command: Command, words: string): void => {
      const declared = command.options.map(({ long }) => long);
      flags += declared.length;
      expect([words, offeredByBash(`agent-id ${words} --`)]).toEqual([
        words,
        expect.arrayContaining(declared),
      ]);
      const below = command.commands.filter((one) => one.name() !== 'sign');
      if (below.length === 0) return;
      expect(offeredByBash(`agent-id ${words} `)).toEqual(below.map((one) => one.name()));
      for (const one of below) check(one, `${words} ${one.name()}`);
    };
    for (const command of program.commands) check(command, command.name());
    expect(flags).toBeGreaterThan(120);
  }, 120_000);

  it.each(cases)('%s', (line, words) => {
    expect(new Set(offeredByBash(line))).toEqual(new Set(words));
  });

  it.each(['agent-id exec --agent a -- agent-i', 'agent-id no-such-verb --'])('ends at %s', (line) => {
    expect(offeredByBash(line)).toEqual(expect.any(Array));
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
  it.each(cases)('%s', (line, words) => {
    expect(new Set(offeredByZsh(line))).toEqual(new Set(words));
  });

  it('offers every verb', () => {
    expect([...offeredByZsh('agent-id ')].sort()).toEqual(verbs.map(({ name }) => name).sort());
  });
});

describe.skipIf(!has('fish'))('completion in fish', () => {
  it.each(cases)('%s', (line, words) => {
    expect(new Set(offeredByFish(line))).toEqual(new Set(words));
  });

  it('offers every verb', () => {
    expect([...offeredByFish('agent-id ')].sort()).toEqual(verbs.map(({ name }) => name).sort());
  });
});

it('knows no other shell', async () => {
  const { code, err } = await run(['completion', 'tcsh'], { cwd: folder });
  expect([code, err]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});
