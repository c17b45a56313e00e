import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { git, makeTree, oktaToken, put } from './scan-kit.ts';

const root = join(import.meta.dirname, '../..');
const built = existsSync(join(root, 'dist/cli.js'));

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly script: readonly string[];
  readonly artifacts: { readonly reports: Readonly<Record<string, string>> };
}

const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};
const { steps } = action.runs;

/** A stand-in for a clone of agent-id that is installed and built already. */
function installed(): string {
  const program = JSON.stringify(join(root, 'bin/agent-id.cjs'));
  return makeTree({
    'scripts/run.mjs': `import { spawnSync } from 'node:child_process';\nprocess.exitCode = spawnSync(process.execPath, [${program}, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 2;\n`,
  });
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly outputs: string;
  readonly summary: string;
}

/** Runs the scan step of the action as a runner does. */
function runAction(
  cwd: string,
  inputs: Readonly<Record<string, string>> = {},
  event = 'pull_request',
): Ended {
  const step = steps.find(({ id }) => id === 'scan');
  const temp = makeTree({ output: '', summary: '' });
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    GITHUB_EVENT_NAME: event,
    GITHUB_OUTPUT: join(temp, 'output'),
    GITHUB_STEP_SUMMARY: join(temp, 'summary'),
    RUNNER_TEMP: temp,
  };
  for (const [name, value] of Object.entries(step?.env ?? {})) {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1];
    const preset = input === undefined || input === 'since' ? '' : (action.inputs[input]?.default ?? '');
    env[name] = input === undefined ? installed() : (inputs[input] ?? preset);
  }
  const bash = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', step?.run ?? 'exit 99'];
  const { status, stdout, stderr } = spawnSync('bash', bash, { cwd, env, encoding: 'utf8' });
  const read = (name: string): string => readFileSync(join(temp, name), 'utf8');
  return { code: status, out: stdout + stderr, outputs: read('output'), summary: read('summary') };
}

function pullRequest(): string {
  const cwd = makeTree({ 'old.env': `OKTA_TOKEN=${oktaToken()}\n` });
  git(cwd, 'init', '--quiet', '--initial-branch', 'main');
  git(cwd, 'add', '--all');
  git(cwd, 'commit', '--quiet', '--message', 'base');
  git(cwd, 'switch', '--quiet', '--create', 'topic');
  put(cwd, 'fresh.env', `OKTA_TOKEN=${oktaToken()}\n`);
  put(cwd, 'agent-id.config.yaml', "schemaVersion: 1\nscan:\n  exclude: ['*.env']\n");
  git(cwd, 'add', '--all');
  git(cwd, 'commit', '--quiet', '--message', 'topic');
  return cwd;
}

describe('the GitHub Action', () => {
  it('pins what it uses, and hands no expression to a shell', () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used).toHaveLength(2);
    for (const name of used) expect(name).toMatch(/@[0-9a-f]{40}$/);
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  it('uploads for no fork', () => {
    const upload = steps.find(({ uses }) => uses?.includes('upload-sarif'));
    expect(upload?.if).toContain('github.event.pull_request.head.repo.full_name != github.repository');
  });

  it.runIf(built)('scans what a pull request changes, and shows what it would accept', () => {
    const { code, out, outputs, summary } = runAction(pullRequest(), { since: 'main' });
    expect([code, outputs]).toEqual([0, expect.stringMatching(/^sarif=.*agent-id\.sarif\nexit-code=1\n$/)]);
    expect(summary).toContain('fresh.env');
    expect(summary).not.toContain('old.env');
    expect(summary).toContain('counts only once it is merged');
    expect(out).toContain('fresh.env:1');
  });

  it.runIf(built)('scans the tree on other events, and writes the page where it should', () => {
    const cwd = pullRequest();
    git(cwd, 'rm', '--quiet', 'agent-id.config.yaml');
    const { outputs, summary } = runAction(cwd, { html: 'report.html' }, 'push');
    expect(outputs).toContain('exit-code=1');
    expect(summary).toContain('old.env');
    expect(statSync(join(cwd, 'report.html')).size).toBeGreaterThan(10_000);
  });

  it.runIf(built)('says that it could not, and runs nothing that an input holds', () => {
    const cwd = pullRequest();
    expect(runAction(cwd, { path: '$(touch ran); touch ran' }).outputs).toBe('exit-code=2\n');
    expect(runAction(cwd, { since: 'main; touch ran' }).outputs).toBe('exit-code=2\n');
    expect(existsSync(join(cwd, 'ran'))).toBe(false);
  });

  it('refuses pull_request_target', () => {
    const { code, out } = runAction(pullRequest(), {}, 'pull_request_target');
    expect([code, out]).toEqual([2, expect.stringContaining('refuses pull_request_target')]);
  });
});

describe('the GitLab component', () => {
  it.runIf(built)('writes the reports that it declares', () => {
    const [, body] = parseAllDocuments(readFileSync(join(root, 'templates/scan.yml'), 'utf8'));
    const { 'agent-id': job } = (body?.toJS() ?? {}) as { readonly 'agent-id'?: Job };
    const source = installed();
    git(source, 'init', '--quiet', '--initial-branch', 'main');
    git(source, 'add', '--all');
    git(source, 'commit', '--quiet', '--message', 'release');
    const cwd = pullRequest();
    const env = {
      PATH: process.env['PATH'] ?? '',
      AGENT_ID_FOLDER: join(makeTree({}), 'clone'),
      AGENT_ID_SOURCE: source,
      AGENT_ID_VERSION: 'main',
      SCAN_FAIL_ON: 'literal',
      SCAN_MIN_CONFIDENCE: 'medium',
      CI_MERGE_REQUEST_DIFF_BASE_SHA: git(cwd, 'rev-parse', 'main').trim(),
    };
    const ran = spawnSync('bash', ['--norc', '-e', '-c', job?.script.join('\n') ?? ''], {
      cwd,
      env,
      encoding: 'utf8',
    });
    expect([ran.status, ran.stderr]).toEqual([1, '']);
    for (const file of Object.values(job?.artifacts.reports ?? {}))
      expect(readFileSync(join(cwd, file), 'utf8')).toContain('fresh.env');
  });
});

describe('the pre-commit hook', () => {
  it('is a script that can be run', () => {
    const [hook] = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as [{ entry: string }];
    const [script = ''] = hook.entry.split(' ');
    expect(statSync(join(root, script)).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(root, script), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
