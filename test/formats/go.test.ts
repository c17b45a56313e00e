import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseGo } from '../../src/formats/go/document.ts';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import type { Adoption } from '../../src/formats/types.ts';

const target: Adoption = {
  agent: 'onboarding',
  resource: 'password-api',
  scopes: ['okta.users.manage'],
  actsFor: 'user',
  helperPath: './agent-id',
  helperImport: 'acme.example/onboarding/agent-id',
};

async function adopt(text: string, changes: Partial<Adoption> = {}): Promise<string> {
  const document = await parseGo(text, 'main.go');
  const uses = document.facts.uses.filter((use) => use.name === 'OKTA_API_TOKEN');
  const adopted = document.adopt?.(uses, { ...target, ...changes });
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return `refused: ${adopted.refused}`;
  const after = applyEdits(text, adopted.edits);
  await confirmEdits('main.go', text, after, adopted.edits);
  return after;
}

const ports = new URL('../../src/helper/ports/', import.meta.url);
const estate = new URL('../../src/demo/estate/services/onboarding/', import.meta.url);

/** Builds and vets a rewritten program with the real helper; gofmt has nothing to say about it. */
function build(text: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'agent-id-go-'));
  try {
    mkdirSync(join(folder, 'agent-id'));
    writeFileSync(join(folder, 'main.go'), text);
    copyFileSync(new URL('go.mod', estate), join(folder, 'go.mod'));
    copyFileSync(new URL('helper.go', ports), join(folder, 'agent-id', 'helper.go'));
    const env = { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' };
    execFileSync('go', ['vet', './...'], { cwd: folder, env });
    execFileSync('go', ['build', '-o', join(folder, 'out'), '.'], { cwd: folder, env });
    expect(execFileSync('gofmt', ['-l', 'main.go'], { cwd: folder, encoding: 'utf8' })).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function program(imports: readonly string[], body: string): string {
  const lines = imports.map((one) => `\t"${one}"\n`).join('');
  return `package main\n\nimport (\n${lines})\n\n${body}`;
}

describe('adopt', { timeout: 120_000 }, () => {
  it('rewrites the service of the estate, and it builds', async () => {
    const after = await adopt(readFileSync(new URL('main.go', estate), 'utf8'));
    expect(after).toContain(
      '\tif err := agentid.SetAuthorization(req, r, "onboarding", "password-api", "okta.users.manage"); err != nil {\n' +
        '\t\thttp.Error(w, err.Error(), http.StatusBadGateway)\n\t\treturn\n\t}\n',
    );
    expect(after).not.toMatch(/SSWS|OKTA_API_TOKEN/);
    build(after);
  });

  it('follows variables, takes out checks and what is not used any more', async () => {
    const text = program(
      ['errors', 'fmt', 'net/http', 'os'],
      [
        'func reset(url string) (int, error) {',
        '\ttoken := os.Getenv("OKTA_API_TOKEN")',
        '\tif token == "" {',
        '\t\treturn 0, errors.New("no token")',
        '\t}',
        '',
        '\tscheme := "SSWS"',
        '\tauth := fmt.Sprintf("%s %s", scheme, token)',
        '\treq, err := http.NewRequest("POST", url, nil)',
        '\tif err != nil {',
        '\t\treturn 0, err',
        '\t}',
        '\treq.Header.Add("Authorization", auth)',
        '\tanswer, err := http.DefaultClient.Do(req)',
        '\tif err != nil {',
        '\t\treturn 0, err',
        '\t}',
        '\treturn answer.StatusCode, nil',
        '}',
        '',
        'func main() { _, _ = reset("http://x") }',
        '',
      ].join('\n'),
    );
    const after = await adopt(text);
    expect(after).toContain('agentid.SetAuthorization(req, nil, "onboarding"');
    expect(after).toContain('\t\treturn 0, err\n');
    expect(after).not.toMatch(/"os"|"errors"|"fmt"|scheme|token :=/);
    build(after);
    const itself = await adopt(text, { actsFor: 'itself' });
    expect(itself).toContain('agentid.SetAuthorizationAsItself(req, "onboarding"');
    build(itself);
  });

  it('rewrites handlers of other kinds', async () => {
    const set =
      '\treq, _ := http.NewRequest("GET", "http://x", nil)\n\treq.Header.Set("Authorization", "SSWS "+token)\n';
    const imports = ['log', 'net/http', 'os'];
    const declared = 'var token = os.Getenv("OKTA_API_TOKEN")\n\n';
    const literal =
      `${declared}func main() {\n\thttp.HandleFunc("/", func(w http.ResponseWriter, in *http.Request) {\n` +
      `${set.replaceAll('\t', '\t\t')}\t\thttp.DefaultClient.Do(req)\n\t})\n\tlog.Fatal(http.ListenAndServe(":1", nil))\n}\n`;
    const served = await adopt(program(imports, literal));
    expect(served).toContain('SetAuthorization(req, in, ');
    build(served);
    const check = '\tif t := os.Getenv("OKTA_API_TOKEN"); t == "" {\n\t\tlog.Fatal("no token")\n\t}\n';
    const job = `${declared}func main() {\n${check}${set}\thttp.DefaultClient.Do(req)\n}\n`;
    const ran = await adopt(program(imports, job), { actsFor: 'itself' });
    expect(ran).toContain('\t\tlog.Fatal(err)\n');
    expect(ran).not.toMatch(/Getenv|"os"/);
    build(ran);
  });

  it('refuses what it does not understand', async () => {
    const set = '\treq.Header.Set("Authorization", "SSWS "+os.Getenv("OKTA_API_TOKEN"))\n';
    const request = '\treq, _ := http.NewRequest("GET", "http://x", nil)\n';
    const imports = ['net/http', 'os'];
    const silent = program(imports, `func f() {\n${request}${set}}\n`);
    expect(await adopt(silent)).toMatch(/no way to tell an error/);
    const struct = program(imports, `func f() (T, error) {\n${request}${set}\treturn T{}, nil\n}\n`);
    expect(await adopt(struct)).toMatch(/no way to tell an error/);
    const far = program(
      imports,
      `func f() error {\n${request}${set}\treturn nil\n}\n\nfunc main() { http.ListenAndServe(":1", nil) }\n`,
    );
    expect(await adopt(far)).toMatch(/not in sight/);
    expect(await adopt(far, { actsFor: 'itself' })).toContain('\t\treturn err\n');
    const printed = program(['os'], 'func main() { println(os.Getenv("OKTA_API_TOKEN")) }\n');
    expect(await adopt(printed)).toMatch(/something else/);
  });
});

describe('facts', () => {
  it('gives the request that is sent, by path and method', async () => {
    const { facts } = await parseGo(readFileSync(new URL('main.go', estate), 'utf8'), 'main.go');
    const call = facts.calls.find((one) => one.callee === 'http.NewRequest');
    expect(call?.args[1]?.text).toBe('{}/api/v1/users/{}/lifecycle/reset_password?sendEmail=false');
    expect(facts.uses.map((use) => use.name)).toEqual(['OKTA_ORG_URL', 'OKTA_API_TOKEN', 'PORT']);
    expect(facts.listens).toHaveLength(2);
  });
});
