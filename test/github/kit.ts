import { onTestFinished } from 'vitest';
import type { Stored } from '../../src/model/stored.ts';
import { makeTree, run, type Ran, type ScanJson } from '../commands/scan-kit.ts';
import { fillIn } from '../detect/samples.ts';
import { GithubDouble, type Account } from './double.ts';

export interface GithubJson extends ScanJson {
  readonly stored: readonly Stored[];
}

/** A double with a token of its own, stopped when the test is done. */
export interface Place {
  readonly double: GithubDouble;
  readonly token: string;
  /** Folder for state. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

export async function startGithub(accounts: Readonly<Record<string, Account>>, me?: string): Promise<Place> {
  const token = fillIn('ghp_{alnum:30}{crc62}');
  const double = await GithubDouble.start(token, accounts, me);
  onTestFinished(() => double.stop());
  const home = makeTree({});
  return {
    double,
    token,
    home,
    env: { GITHUB_API_URL: double.url, GH_ENTERPRISE_TOKEN: token, AGENT_ID_HOME: home },
  };
}

/** Scans what `--github` names, and gives the report as data. */
export async function scanGithub(
  { env }: Pick<Place, 'env'>,
  named: string,
  ...args: readonly string[]
): Promise<GithubJson & Ran> {
  const ran = await run(['scan', '--github', named, '--format', 'json', ...args], { cwd: makeTree({}), env });
  return { ...(JSON.parse(ran.out) as GithubJson), ...ran };
}

/** Places of the values that were found. */
export function literals({ findings }: ScanJson): readonly string[] {
  return findings
    .filter(({ kind }) => kind === 'literal')
    .map(({ location }) => `${location.path}:${location.startLine}`)
    .sort();
}

export const workflow = (name: string): string =>
  `on: push\njobs:\n  sync:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ./sync.sh\n        env:\n          OKTA_API_TOKEN: \${{ secrets.${name} }}\n`;
