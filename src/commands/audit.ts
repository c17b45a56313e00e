import { Option, type Command } from 'commander';
import type { AuditPaths } from '../audit/log.ts';
import type { AuditFilter } from '../audit/read.ts';
import type { Verdict } from '../audit/verify.ts';
import type { Io } from '../lib/io.ts';

interface ShowOptions {
  readonly agent?: string;
  readonly user?: string;
  readonly since?: string;
  readonly follow?: boolean;
  readonly format: 'text' | 'json' | 'csv' | 'ocsf' | 'syslog';
}

/** Declares `agent-id audit show | verify | export`. */
export function addAudit(program: Command, io: Io): void {
  const audit = program.command('audit').description('Show, verify and export who did what for whom.');
  filtered(audit.command('show').description('Print one line for each entry.'))
    .option('--follow', 'go on and print new entries')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((options: ShowOptions) => runShow(options, io));
  audit
    .command('verify')
    .description('Check that no entry was changed, added or cut off.')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((options: { readonly format: string }) => runVerify(options.format, io));
  filtered(audit.command('export').description('Print the entries as data.'))
    .addOption(
      new Option('--format <format>', 'how to print; ocsf (1.3.0) and syslog are one entry a line')
        .choices(['json', 'csv', 'ocsf', 'syslog'])
        .default('json'),
    )
    .action((options: ShowOptions) => runExport(options, io));
}

function filtered(command: Command): Command {
  return command
    .option('--agent <agent>', 'only this agent, by id or display name')
    .option('--user <user>', 'only on behalf of this user')
    .option('--since <time>', 'only since a date, a time, or a duration ago such as 24h or 7d');
}

async function runShow(options: ShowOptions, io: Io): Promise<void> {
  if (options.format === 'json') return runExport(options, io);
  const [{ readAudit }, { renderAuditLine }, { statePaths }, { setTimeout: sleep }] = await Promise.all([
    import('../audit/read.ts'),
    import('../audit/render.ts'),
    import('../lib/state.ts'),
    import('node:timers/promises'),
  ]);
  const paths = statePaths(io.env);
  const filter = await toFilter(options, io);
  for (let shown = 0; ; await sleep(500)) {
    const fresh = (await readAudit(paths, filter)).filter(({ seq }) => seq > shown);
    for (const entry of fresh) io.stdout(`${renderAuditLine(entry)}\n`);
    shown = fresh.at(-1)?.seq ?? shown;
    if (options.follow !== true) {
      if (shown === 0) io.stderr(await emptiness(options, paths));
      return;
    }
  }
}

/** Says why nothing is shown: a name that no entry has is most often misspelt. */
async function emptiness({ agent }: ShowOptions, paths: AuditPaths): Promise<string> {
  const { readAudit } = await import('../audit/read.ts');
  if (agent === undefined || (await readAudit(paths, { agent })).length > 0)
    return 'The audit log has no such entry.\n';
  return `No entry of the audit log names an agent ${agent}. Agents: agent-id agents list.\n`;
}

async function runExport(options: ShowOptions, io: Io): Promise<void> {
  const [{ readAudit }, { statePaths }, { envelope }] = await Promise.all([
    import('../audit/read.ts'),
    import('../lib/state.ts'),
    import('../output/version.ts'),
  ]);
  const entries = await readAudit(statePaths(io.env), await toFilter(options, io));
  if (options.format === 'csv') io.stdout((await import('../audit/csv.ts')).toCsv(entries));
  else if (options.format === 'ocsf')
    io.stdout((await import('../audit/ocsf.ts')).toOcsf(entries, envelope.tool.version));
  else if (options.format === 'syslog') io.stdout((await import('../audit/syslog.ts')).toSyslog(entries));
  else io.stdout(`${JSON.stringify({ ...envelope, entries }, null, 2)}\n`);
}

async function runVerify(format: string, io: Io): Promise<void> {
  const [{ verifyAudit }, { statePaths }, { envelope }] = await Promise.all([
    import('../audit/verify.ts'),
    import('../lib/state.ts'),
    import('../output/version.ts'),
  ]);
  const verdict = await verifyAudit(statePaths(io.env));
  if (format === 'json') io.stdout(`${JSON.stringify({ ...envelope, ...verdict }, null, 2)}\n`);
  else io.stdout(`${toText(verdict)}\n`);
  io.exitCode = ['intact', 'empty'].includes(verdict.state) ? 0 : 1;
}

function toText({ state, entries, seq, expected, tears }: Verdict): string {
  const repaired = tears === 0 ? '' : `; ${tears} torn line(s) were cut off in its life`;
  const texts: Readonly<Record<Verdict['state'], string>> = {
    intact: `intact: ${entries} entries${repaired}`,
    empty: 'empty: nothing was logged yet',
    torn: `torn last line: entry ${seq} is half there, the ${entries} before it are whole; the next entry repairs it`,
    altered: `altered: entry ${seq} is not what was written; ${entries} of ${expected} entries are whole and in order`,
    truncated: `truncated: entries from ${seq} to ${expected} are gone`,
    'missing-head': `missing head: ${entries} entries are in order, but whether any was cut off cannot be told`,
    'altered-head': 'altered head: it was not written with the key of this machine',
    'missing-key': `missing key: ${entries} entries are in order, but their head cannot be checked`,
  };
  return texts[state];
}

async function toFilter({ agent, user, since }: ShowOptions, io: Io): Promise<AuditFilter> {
  return {
    ...(agent === undefined ? {} : { agent }),
    ...(user === undefined ? {} : { user }),
    ...(since === undefined ? {} : { since: await toMoment(since, io) }),
  };
}

async function toMoment(text: string, io: Io): Promise<number> {
  const [{ parseDuration }, { parseTime }, { AgentIdError }] = await Promise.all([
    import('../lib/clock.ts'),
    import('../lib/system.ts'),
    import('../model/error.ts'),
  ]);
  const duration = parseDuration(text);
  if (duration !== undefined) return io.clock() - duration;
  const moment = parseTime(text);
  if (!Number.isNaN(moment)) return moment;
  throw new AgentIdError('usage', '--since takes a date, a time, or a duration such as 24h or 7d');
}
