// What the benches measure with: whole processes, by GNU time. Development tool; ships nowhere.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const time = '/usr/bin/time';

/** The program that is measured. */
export const program = fileURLToPath(new URL('../bin/agent-id.cjs', import.meta.url));

/** Some machines add certificates to each start of Node; that is no part of a scan. */
export const environment = { ...process.env };
delete environment.NODE_EXTRA_CA_CERTS;

/** Says how a bench is called and ends, where something is missing. */
export function assertUsage(isRight, usage) {
  if (isRight && existsSync(time)) return;
  process.stderr.write(`usage: ${usage}   (needs ${time}, GNU)\n`);
  process.exit(2);
}

/** Says what is measured on. */
export function machine() {
  return `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0].toFixed(1)}`;
}

/** Gives a folder to work in that is removed afterwards, whatever happens. */
export async function withScratch(work) {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs one program to its end: seconds of wall and processor time, and the peak of memory in MB. */
export function timed(scratch, [command, args, { cwd = scratch, input } = {}]) {
  const report = join(mkdtempSync(join(scratch, 'time-')), 'report');
  const start = performance.now();
  return new Promise((resolve) => {
    const from = input === undefined ? 'ignore' : openSync(input, 'r');
    const options = ['-q', '-o', report, '-f', '%U %S %M', command, ...args];
    const child = spawn(time, options, { cwd, stdio: [from, 'ignore', 'ignore'], env: environment });
    child.on('close', () => {
      const wall = (performance.now() - start) / 1000;
      const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
      resolve({ wall, cpu: user + system, peak: kilobytes / 1000 });
    });
  });
}
