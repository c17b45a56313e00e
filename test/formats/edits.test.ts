import { describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits, parseFile } from '../../src/formats/index.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { asEdits, parsed } from './kit.ts';

const reason = 'own identity';

async function removed(text: string, file: string, slotPath: string): Promise<string> {
  const document = await parsed(text, file);
  const slot = document.facts.slots.find((one) => one.path === slotPath);
  if (slot === undefined) throw new Error(`no slot ${slotPath}`);
  const edits = document.removeEntry(slot, reason);
  const after = applyEdits(text, edits);
  await confirmEdits(file, text, after, edits);
  return after;
}

async function inserted(text: string, file: string, beside: string, value = 'two'): Promise<string> {
  const document = await parsed(text, file);
  const slot = document.facts.slots.find((one) => one.path === beside);
  if (slot === undefined) throw new Error(`no slot ${beside}`);
  const edits = asEdits(document.insertEntry(slot, 'B', value, reason));
  const after = applyEdits(text, edits);
  await confirmEdits(file, text, after, edits);
  return after;
}

describe('removeEntry', () => {
  it('leaves a comment in lines that have an order, and never the value', async () => {
    const comment = '# B removed by agent-id: own identity';
    expect(await removed('A=1\nexport B="x y" # why\nC=3\n', '.env', 'B')).toBe(`A=1\n${comment}\nC=3\n`);
    expect(await removed('A=1\nB = 2\n', 'crontab', 'B')).toBe(`A=1\n${comment}\n`);
    expect(await removed('set -e\n  export B=2\nrun\n', 'a.sh', 'B')).toBe(`set -e\n  ${comment}\nrun\n`);
    expect(await removed('A=1\r\nB="l\r\nm"\r\nC=3', '.env', 'B')).toBe(`A=1\r\n${comment}\r\nC=3`);
  });

  it('takes an assignment in front of a command out of its line', async () => {
    expect(await removed('A=1 B=2 ./run.sh\n', 'a.sh', 'B')).toBe('A=1 ./run.sh\n');
  });

  it('takes the map along where it would become empty', async () => {
    const text =
      'jobs:\n  a:\n    steps:\n      - run: x\n        env:\n          # the token\n          B: ${{ secrets.B }}\n      - run: y\n';
    expect(await removed(text, '.github/workflows/a.yml', 'jobs.a.steps[0].env.B')).toBe(
      'jobs:\n  a:\n    steps:\n      - run: x\n      - run: y\n'.replace('        env:\n', ''),
    );
  });

  it.each([
    ['a:\n  - B: 1\n    C: 2\n', 'a[0].B', 'a:\n  - C: 2\n'],
    ['a: {B: 1, C: 2}\n', 'a.B', 'a: {C: 2}\n'],
    ['a: {C: 2, B: 1}\n', 'a.B', 'a: {C: 2}\n'],
    ['a: {B: 1}\nc: 2\n', 'a.B', 'a: {}\nc: 2\n'],
    ['environment:\n  - A=1\n  - B=2 # why\n', 'environment[1]', 'environment:\n  - A=1\n'],
    ['a:\n  B: |\n    x\n    y\n\n  C: 2\n', 'a.B', 'a:\n\n  C: 2\n'],
  ])('cuts YAML %j', async (text, path, after) => {
    expect(await removed(text, 'a.yaml', path)).toBe(after);
  });

  it('takes the name of a Kubernetes variable along', async () => {
    const head = 'apiVersion: v1\nkind: Pod\nspec:\n  env:\n';
    const text = `${head}    - name: B\n      valueFrom:\n        secretKeyRef: { name: s, key: k }\n    - name: C\n      value: c\n`;
    expect(await removed(text, 'a.yaml', 'spec.env[0].valueFrom.secretKeyRef.key')).toBe(
      `${head}    - name: C\n      value: c\n`,
    );
  });

  it.each([
    ['{"A": 1, "B": 2}', 'B', '{"A": 1}'],
    ['{"B": 2, "A": 1}', 'B', '{"A": 1}'],
    ['{"B": 2}', 'B', '{}'],
    ['{\n  "A": 1, // one\n  "B": 2 // two\n}', 'B', '{\n  "A": 1 // one\n}'],
    ['{\n  "A": 1,\n  "B": 2,\n}', 'B', '{\n  "A": 1,\n}'],
    ['{\n  "B": 2,\n  "A": 1\n}', 'B', '{\n  "A": 1\n}'],
    ['{"args": ["x", "--B", "2", "y"]}', 'args[2]', '{"args": ["x", "y"]}'],
    ['{"args": ["x", "-e", "B=2"]}', 'args[2]', '{"args": ["x"]}'],
  ])('cuts JSON %j', async (text, path, after) => {
    expect(await removed(text, 'a.jsonc', path)).toBe(after);
  });

  it.each([
    ['const a = {\n  b: "1", // one\n  c: "2",\n};\n', 'a.js', 'a.b', 'const a = {\n  c: "2",\n};\n'],
    ['f({ b: "1", c: "2" });\n', 'a.js', 'f(0).c', 'f({ b: "1" });\n'],
    ['a = {"b": "1", "c": "2"}\n', 'a.py', 'a.b', 'a = {"c": "2"}\n'],
    ['f(b="1", c="2")\n', 'a.py', 'f(c)', 'f(b="1")\n'],
    ['ENV A=1 B=2\n', 'Dockerfile', 'B', 'ENV A=1\n'],
    ['FROM x\nENV B=2\nRUN y\n', 'Dockerfile', 'B', 'FROM x\nRUN y\n'],
  ])('cuts code %j', async (text, file, path, after) => {
    expect(await removed(text, file, path)).toBe(after);
  });

  it('refuses what others refer to', async () => {
    const document = await parsed('a:\n  B: &b one\n  C: *b\n', 'a.yaml');
    const [slot] = document.facts.slots;
    if (slot === undefined) throw new Error('no slot');
    expect(() => document.removeEntry(slot, reason)).toThrow(AgentIdError);
    expect(() => document.setValue(slot, 'two', reason)).toThrow(/cannot be changed safely/);
  });
});

describe('insertEntry', () => {
  it.each([
    ['export A="1"\n', '.env', 'A', 'export A="1"\nexport B="two"\n'],
    ['A=1', '.env', 'A', 'A=1\nB=two'],
    ['a:\n    A: "1" # one\n    C: 3\n', 'a.yaml', 'a.A', 'a:\n    A: "1" # one\n    B: "two"\n    C: 3\n'],
    ['environment:\n- A=1\n', 'a.yaml', 'environment[0]', 'environment:\n- A=1\n- B=two\n'],
    ['{\n\t"A": "1"\n}', 'a.json', 'A', '{\n\t"A": "1",\n\t"B": "two"\n}'],
    ['{"A":"1","C":"3"}', 'a.json', 'A', '{"A":"1", "B":"two","C":"3"}'],
    ['A=1\n* * * * * x\n', 'crontab', 'A', 'B=two\nA=1\n* * * * * x\n'],
    ['ENV A=1\nRUN x\n', 'Dockerfile', 'A', 'ENV A=1\nENV B=two\nRUN x\n'],
    ['if x; then\n  export A=1\nfi\n', 'a.sh', 'A', 'if x; then\n  export A=1\n  export B=two\nfi\n'],
  ])('adds beside %j', async (text, file, path, after) => {
    expect(await inserted(text, file, path)).toBe(after);
  });

  it('refuses maps on one line and what an anchor shares', async () => {
    await expect(inserted('a: {A: 1}\n', 'a.yaml', 'a.A')).rejects.toMatchObject({ code: 'unsupported' });
    await expect(inserted('a: &x\n  A: 1\nb: *x\n', 'a.yaml', 'a.A')).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});

describe('setValue', () => {
  it.each([
    ['A=1\n', '.env', 'A', 'two words', 'A="two words"\n'],
    ["A='1'\n", '.env', 'A', "it's", 'A="it\'s"\n'],
    ['A: one\n', 'a.yaml', 'A', 'yes: no', 'A: "yes: no"\n'],
    ['A: "one"\n', 'a.yaml', 'A', 'a "b"', 'A: "a \\"b\\""\n'],
    ["A: 'one'\n", 'a.yaml', 'A', "it's", "A: 'it''s'\n"],
    ['A: 8080\n', 'a.yaml', 'A', '9090', 'A: "9090"\n'],
    [
      'a: [A=1, C=3]\nenvironment:\n  - A=1\n',
      'a.yaml',
      'environment[0]',
      'x # y',
      'a: [A=1, C=3]\nenvironment:\n  - "A=x # y"\n',
    ],
    ['{"A": 1}', 'a.json', 'A', 'b"c', '{"A": "b\\"c"}'],
    ["const A = 'one';\n", 'a.js', 'A', "it's\n", "const A = 'it\\'s\\n';\n"],
    ['A = f"one {b}"\n', 'a.py', 'A', '{x}', 'A = f"{{x}}{b}"\n'],
    ['package a\nconst A = `one`\n', 'a.go', 'A', 'two', 'package a\nconst A = `two`\n'],
    ['ENV A=one\n', 'Dockerfile', 'A', 'two words', 'ENV A="two words"\n'],
    ['A=one\n', 'a.sh', 'A', "it's $1", "A='it'\\''s $1'\n"],
  ])('writes %j', async (...[text, file, path, value, after]) => {
    const document = await parsed(text, file);
    const slot = document.facts.slots.find((one) => one.path === path);
    if (slot === undefined) throw new Error('no slot');
    const edit = document.setValue(slot, value, reason);
    expect(applyEdits(text, [edit])).toBe(after);
    const again = await parsed(after, file);
    expect(again.facts.slots.some((one) => one.path === path && one.value === value)).toBe(true);
  });
});

describe('confirmEdits', () => {
  it('lets a call or a command stand around values', async () => {
    const wrap = async (path: string, text: string, [before, open, close]: [string, string, string]) => {
      const end = text.trimEnd().length;
      const edits = [
        { span: { start: text.indexOf(before), end: text.indexOf(before) }, text: open, reason },
        { span: { start: end, end }, text: close, reason },
      ];
      await confirmEdits(path, text, applyEdits(text, edits), edits);
    };
    const python = 'class A:\n    def a(self):\n        self.h = {"Accept": "x/y", "X-Own": "z"}\n';
    await wrap('a.py', python, ['{', 'f("a", ', ')']);
    await wrap('a.sh', 'report --config own.json --day monday\n', ['report', 'agent-id exec -- ', '']);
    await expect(wrap('a.py', python, ['"X-Own"', 'f"{', '}"'])).rejects.toThrow(AgentIdError);
  });

  it('refuses an edit that changes more than it says', async () => {
    const text = 'A="one"\nB="two"\n';
    const edit = { span: { start: 6, end: 7 }, text: '', reason };
    await expect(confirmEdits('.env', text, applyEdits(text, [edit]), [edit])).rejects.toMatchObject({
      code: 'malformed',
    });
  });

  it('refuses code that no longer parses', async () => {
    const text = 'a = f("b")\n';
    const edit = { span: { start: 9, end: 10 }, text: '', reason };
    await expect(confirmEdits('a.py', text, applyEdits(text, [edit]), [edit])).rejects.toMatchObject({
      code: 'malformed',
    });
  });

  it('refuses a text that the edits do not make', async () => {
    await expect(confirmEdits('.env', 'A=1', 'A=2', [])).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('applyEdits', () => {
  it('keeps the order of insertions and refuses overlaps', () => {
    const at = (start: number, end: number, text: string) => ({ span: { start, end }, text, reason });
    expect(applyEdits('abc', [at(1, 2, 'B'), at(1, 1, 'x'), at(1, 1, 'y')])).toBe('axyBc');
    expect(() => applyEdits('abc', [at(0, 2, ''), at(1, 3, '')])).toThrow(/overlap/);
    expect(() => applyEdits('abc', [at(2, 9, '')])).toThrow(/outside/);
  });
});

describe('bad input', () => {
  const secret = `00${'x'.repeat(20)}`;

  it.each([
    ['a: [1\nb: "c\n', 'a.yaml'],
    ['{"a": }', 'a.json'],
    ['const a = ;;; }}} (', 'a.ts'],
  ])('%j is malformed, with its line and without its text', async (text, file) => {
    const error: unknown = await parseFile(`${text}${secret}`, file).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AgentIdError);
    expect(error).toMatchObject({ code: 'malformed' });
    expect((error as AgentIdError).where).toMatch(/^a\.\w+:\d+$/);
    expect(`${String(error)}${(error as AgentIdError).detail ?? ''}`).not.toContain(secret);
  });

  it.each(['a.yaml', 'a.json', 'a.js', 'a.py', 'a.go', 'a.sh', 'Dockerfile', 'crontab', '.env'])(
    'survives nesting, noise and nothing in %s',
    async (file) => {
      const texts = [
        '',
        '\uFEFF',
        '\0\u0001\uFFFD',
        `${'['.repeat(20_000)}`,
        `${'{a:('.repeat(5000)}`,
        'é😀=ü\n',
      ];
      for (const text of texts) {
        const error: unknown = await parseFile(text, file).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(AgentIdError);
      }
    },
  );
});
