import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What a made-up company's repository needs to know. The token is made at run time and only ever written there. */
export interface EstateValues {
  readonly oktaUrl: string;
  readonly token: string;
}

export interface Tools {
  /** The interpreter itself, not what chooses one. */
  readonly python: string | undefined;
  readonly pythonRequests: boolean;
  readonly openssl: string | undefined;
  readonly go: boolean;
  readonly curl: boolean;
  readonly git: boolean;
}

/** Finds out what this machine can run. */
export function findTools(): Tools {
  return {
    python: says('python3', ['-c', 'import sys; print(sys.executable)']),
    pythonRequests: runs('python3', ['-c', 'import requests']),
    openssl: says('/bin/sh', ['-c', 'command -v openssl']),
    go: runs('go', ['version']),
    curl: runs('curl', ['--version']),
    git: runs('git', ['--version']),
  };
}

/** Writes the estate into a folder and commits it, as a team would have left it. */
export function writeEstate(
  templates: string,
  root: string,
  values: EstateValues,
  tools: Pick<Tools, 'pythonRequests' | 'git'>,
): void {
  cpSync(templates, root, { recursive: true });
  renameSync(join(root, 'dot-env'), join(root, '.env'));
  chooseHelpdesk(join(root, 'services/helpdesk'), tools);
  for (const path of filesBelow(root)) fillIn(path, root, values);
  chmodSync(join(root, '.env'), 0o600);
  writeFileSync(join(root, '.gitignore'), 'node_modules/\ndist/\n');
  linkSdk(join(root, 'services/password-reset'));
  if (tools.git) commit(root);
}

function chooseHelpdesk(folder: string, tools: Pick<Tools, 'pythonRequests'>): void {
  const plain = join(folder, 'app.urllib.py');
  if (tools.pythonRequests) rmSync(plain);
  else renameSync(plain, join(folder, 'app.py'));
  writeFileSync(join(folder, 'requirements.txt'), tools.pythonRequests ? 'requests\n' : '');
}

function fillIn(path: string, root: string, values: EstateValues): void {
  const text = readFileSync(path, 'utf8');
  const filled = text
    .replaceAll('{{OKTA_ORG_URL}}', values.oktaUrl)
    .replaceAll('{{OKTA_API_TOKEN}}', values.token)
    .replaceAll('{{ROOT}}', root);
  if (filled !== text) writeFileSync(path, filled);
}

/** Makes the SDK importable from the service, as `npm install` would. */
function linkSdk(service: string): void {
  const manifest = createRequire(import.meta.url).resolve('@okta/okta-sdk-nodejs/package.json');
  mkdirSync(join(service, 'node_modules/@okta'), { recursive: true });
  symlinkSync(dirname(manifest), join(service, 'node_modules/@okta/okta-sdk-nodejs'), 'dir');
}

function commit(root: string): void {
  const git = (...args: string[]): void => {
    execFileSync(
      'git',
      [
        '-C',
        root,
        '-c',
        'user.name=Sam Rivers',
        '-c',
        'user.email=sam@acme.example',
        '-c',
        'commit.gpgsign=false',
        '-c',
        'core.hooksPath=/dev/null',
        ...args,
      ],
      { stdio: 'ignore' },
    );
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'The estate as it grew');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile());
}

function runs(command: string, args: readonly string[]): boolean {
  return says(command, args) !== undefined;
}

/** Gives what a program prints, `undefined` where it fails. */
function says(command: string, args: readonly string[]): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync(command, args, { stdio: [...stdio], timeout: 20_000, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
