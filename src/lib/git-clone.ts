import { dirname } from 'node:path';
import type { Secret } from '../model/secret.ts';
import { runGit } from './git.ts';

export interface CloneRequest {
  /** Without user or password. */
  readonly url: string;
  readonly folder: string;
  /** Larger files are not brought. */
  readonly maxBytes: number;
  readonly user: string;
  readonly password: Secret;
}

/**
 * Clones the newest commit of a repository's default branch, bare. Git is given the password in its environment, for
 * this address only; it asks nobody, stores nothing, follows no redirect and obeys no settings of this user.
 * Gives why it could not; undefined where it could.
 */
export async function cloneNewest(request: CloneRequest): Promise<string | undefined> {
  const { url, folder, maxBytes } = request;
  const settings = [
    `protocol.${new URL(url).protocol.slice(0, -1)}.allow=always`,
    'http.followRedirects=false',
    'http.lowSpeedLimit=1',
    'http.lowSpeedTime=60',
    'credential.helper=',
  ].flatMap((setting) => ['-c', setting]);
  const newest = ['--quiet', '--bare', '--depth=1', '--single-branch', '--no-tags', '--template='];
  const args = [...settings, 'clone', ...newest, `--filter=blob:limit=${maxBytes + 1}`, '--', url, folder];
  const { code, stderr } = await runGit(dirname(folder), args, '', environment(request));
  return code === 0 ? undefined : toReason(stderr);
}

function environment({ url, user, password }: CloneRequest): NodeJS.ProcessEnv {
  const basic = Buffer.from(`${user}:${password.open()}`).toString('base64');
  return {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_TRACE: '0',
    GIT_TRACE_CURL: '0',
    GIT_CURL_VERBOSE: '0',
  };
}

/** What git says ends up in reports: only what it is about, in our words. */
function toReason(stderr: string): string {
  if (/Authentication failed|could not read Username|error: 40[13]/.test(stderr))
    return 'the token may not read it';
  if (/not found|error: 404/.test(stderr)) return 'it is not there any more';
  if (/SSL|certificate/i.test(stderr)) return 'the certificate of the host is not trusted (GIT_SSL_CAINFO)';
  const fatal = /^fatal: (?:unable to access '[^']*': )?(.{1,200})$/m.exec(stderr)?.[1] ?? 'no reason given';
  return `git could not clone it: ${fatal}`;
}
