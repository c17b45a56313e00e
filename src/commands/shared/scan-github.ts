import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createFingerprint } from '../../detect/index.ts';
import { createHttp } from '../../lib/http.ts';
import type { Io } from '../../lib/io.ts';
import { statePaths } from '../../lib/state.ts';
import { AgentIdError } from '../../model/error.ts';
import type { Secret } from '../../model/secret.ts';
import { version } from '../../output/version.ts';
import { openGithub } from '../../sources/github/client.ts';
import { toGithubHost, type GithubHost } from '../../sources/github/host.ts';
import { createPace } from '../../sources/github/pace.ts';
import { parseTarget, readEstate } from '../../sources/github/repositories.ts';
import { tokenRights } from '../../sources/github/rights.ts';
import { findGithubToken } from '../../sources/github/token.ts';
import { toPathFilter } from '../../sources/glob.ts';
import { nothingKnown, openKnown, type Known } from '../../survey/github/known.ts';
import { scanGithub, type GithubResult } from '../../survey/github/scan-github.ts';
import { toMaxBytes, type ScanFlags } from './scan-flags.ts';
import type { Eyes } from './survey.ts';

/** Scans what `--github` names. Nothing is asked before the flags are known to be good. */
export async function scanGithubOf(
  named: string,
  eyes: Eyes,
  flags: ScanFlags,
  { io, say }: { readonly io: Io; readonly say: (text: string) => void },
): Promise<GithubResult & { readonly root: string }> {
  const target = parseTarget(named);
  const host = toGithubHost(io.env);
  const token = await tokenFor(host, io);
  const pace = createPace({ clock: io.clock, say: io.interactive ? say : (text) => io.stderr(`${text}\n`) });
  const client = await openGithub({ host, token, pace, userAgent: `agent-id/${version}` });
  const estate = await readEstate(client, target);
  const result = await scanGithub(estate, {
    rules: eyes.rules,
    key: eyes.key,
    ...(eyes.keep === undefined ? {} : { keep: eyes.keep }),
    client,
    host,
    token,
    maxBytes: toMaxBytes(flags),
    isWanted: toPathFilter(flags.include ?? [], flags.exclude ?? []),
    known: openMemory(host, eyes, flags, io),
    isOne: target.repo !== undefined,
    say,
  });
  const { unchanged = 0 } = result.stats;
  if (unchanged > 0 && flags.quiet !== true)
    io.stderr(
      `${unchanged} of ${result.stats.repositories} repositories have not changed since they were looked at\n`,
    );
  return { ...result, root: `${host.server}/${named}` };
}

async function tokenFor(host: GithubHost, io: Io): Promise<Secret> {
  const found = await findGithubToken(host, io.env);
  if (found !== undefined) return found;
  const clientId = io.env['AGENT_ID_GITHUB_CLIENT_ID'];
  if (!io.interactive || clientId === undefined)
    throw new AgentIdError('host-refused', `there is no token for ${host.name}`, {
      where: host.isPublic ? 'GH_TOKEN' : 'GH_ENTERPRISE_TOKEN',
      hint: `Set ${host.isPublic ? 'GH_TOKEN or GITHUB_TOKEN' : 'GH_ENTERPRISE_TOKEN or GITHUB_ENTERPRISE_TOKEN'}, or run gh auth login; on a terminal, AGENT_ID_GITHUB_CLIENT_ID names the OAuth app of a device login. ${tokenRights}`,
    });
  const { loginByDevice } = await import('../../sources/github/device.ts');
  return loginByDevice(createHttp({ clock: io.clock }), host, clientId, (url, code) =>
    io.stderr(`Open ${url} and enter the code ${code}\n`),
  );
}

/** A scan needs no folder for state; without one it looks at everything anew. */
function openMemory(host: GithubHost, eyes: Eyes, flags: ScanFlags, io: Io): Known {
  // Rules from elsewhere may change between two runs; values are not remembered.
  if (eyes.own.texts.size > 0 || flags.live === true) return nothingKnown;
  const basis = createFingerprint(eyes.key)(
    'github',
    version,
    createHash('sha256').update(JSON.stringify(eyes.ruleList)).digest('hex'),
    JSON.stringify([flags.maxFileSize, flags.include, flags.exclude]),
  );
  try {
    return quietly(
      openKnown(join(statePaths(io.env).home, 'github', host.name.replace(':', '_')), basis),
      io,
    );
  } catch {
    return nothingKnown;
  }
}

/** Says once that nothing can be remembered. */
function quietly(known: Known, io: Io): Known {
  let isTold = false;
  const tried = async (written: Promise<void>): Promise<void> => {
    try {
      await written;
    } catch (error) {
      if (!(error instanceof AgentIdError)) throw error;
      if (!isTold) io.stderr(`warning: ${error.message}: the next scan will look at everything anew\n`);
      isTold = true;
    }
  };
  return {
    ...known,
    write: (name, state, looked) => tried(known.write(name, state, looked)),
    writePages: (name, pages) => tried(known.writePages(name, pages)),
  };
}
