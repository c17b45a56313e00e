import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real ssh-agent of its own. */
export interface SshAgent {
  readonly env: NodeJS.ProcessEnv;
  /** Makes a key, gives it to the agent, deletes the file; gives its fingerprint. */
  add(kind: readonly string[], comment: string): string;
  /** Runs ssh-add. */
  sshAdd(args: readonly string[], input?: string): string;
  stop(): void;
}

/** Starts an ssh-agent in the foreground, so that it is stopped by its process id. */
export async function startSshAgent(): Promise<SshAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-id-ssh-'));
  const socket = join(folder, 'socket');
  const child: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  for (let tries = 0; tries < 100 && !existsSync(socket); tries++) await sleep(50);
  const env = { PATH: process.env['PATH'] ?? '', SSH_AUTH_SOCK: socket };
  const sshAdd = (args: readonly string[], input = ''): string => {
    const { status, stdout, stderr } = spawnSync('ssh-add', args, { env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`ssh-add ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    env,
    sshAdd,
    add: (kind, comment) => {
      const file = join(folder, 'key');
      const made = spawnSync('ssh-keygen', ['-q', ...kind, '-N', '', '-C', comment, '-f', file]);
      if (made.status !== 0) throw new Error(made.stderr.toString());
      sshAdd(['-q', file]);
      const shown = spawnSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' });
      for (const path of [file, `${file}.pub`]) rmSync(path);
      return /SHA256:\S+/.exec(shown.stdout)?.[0] ?? '';
    },
    stop: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const p256 = ['-t', 'ecdsa', '-b', '256'] as const;
