import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from './world.ts';

const program = resolve(import.meta.dirname, '../../bin/agent-id.cjs');
const canDrive = process.platform !== 'win32' && spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!canDrive) process.stderr.write('skipped: no python3 with pty here, so no prompt can be interrupted\n');

const ctrlC = '\u0003';
const enter = '\r';
let world: World;

type Step = readonly [words: string, action: string];

interface Seen {
  readonly code: number | null;
  readonly shown: string;
  readonly restored: boolean;
}

/** Runs the program on a terminal of its own; each step is done when its words are shown. */
function onTerminal(args: readonly string[], steps: readonly Step[], out?: string): Promise<Seen> {
  const { PATH = '' } = process.env;
  const redirected = out === undefined ? [] : ['sh', '-c', 'exec "$@" > "$0"', out];
  const driver = join(import.meta.dirname, 'terminal.py');
  const child = spawn(
    'python3',
    [driver, JSON.stringify(steps), ...redirected, process.execPath, program, ...args],
    {
      cwd: world.root,
      env: { PATH, HOME: world.home, AGENT_ID_HOME: world.home, TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let told = '';
  child.stdout.on('data', (data: Buffer) => (told += data.toString()));
  return new Promise((done) => child.on('close', () => done(JSON.parse(told) as Seen)));
}

/** Every file of the tree and of the state but the provider's own, with its mode and bytes. */
function snapshot(): Readonly<Record<string, string>> {
  const paths = [world.root, world.home]
    .flatMap((top) => readdirSync(top, { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)))
    .filter((path) => !/\/\.git\/|\/embedded-idp\//.test(path) && statSync(path).isFile());
  const told = (path: string): string => `${statSync(path).mode} ${readFileSync(path, 'latin1')}`;
  return Object.fromEntries(paths.sort().map((path) => [path, told(path)]));
}

/** What the provider holds, as it lies on its disk. */
function registered(): unknown {
  const state = JSON.parse(readFileSync(join(world.home, 'embedded-idp/idp.json'), 'utf8')) as object;
  return 'agents' in state ? state.agents : null;
}

/** What the provider and the disk say must be the same after as before; the person is told what to do. */
async function expectNothingDone(args: readonly string[], steps: readonly Step[]): Promise<void> {
  const before = [snapshot(), registered()];
  const { code, shown, restored } = await onTerminal(args, steps);
  const hungUp = steps.at(-1)?.[1] === 'hangup';
  expect([code, restored], shown).toEqual([hungUp ? -constants.signals.SIGHUP : 130, true]);
  if (!hungUp) {
    expect(shown).toContain('error[interrupted]: nothing was changed');
    expect(shown).toContain('Run it again');
  }
  expect(shown).not.toContain(world.token.open());
  expect([snapshot(), registered()]).toEqual(before);
}

const migrate = ['migrate', '--secret', 'OKTA_API_TOKEN', '--allow-dirty'];
const all = Array.from({ length: 6 }, (): Step => ['accept', enter]);

interface Lock {
  agents: Record<string, { consumers: { state: string; verifiedAt?: string }[] }>;
}

function changeLock(change: (lock: Lock) => void): void {
  const path = join(world.root, 'agent-id.lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
  change(lock);
  writeFileSync(path, JSON.stringify(lock, null, 2));
}

/** Makes all consumers count as moved, as those do that have run where they live. */
function verifyAll(): void {
  const verifiedAt = new Date().toISOString();
  changeLock((lock) => {
    for (const { consumers } of Object.values(lock.agents))
      for (const consumer of consumers) Object.assign(consumer, { state: 'retired', verifiedAt });
  });
}

/** Starts a machine that waits for its approval; gives the code to approve, and how it will end. */
function enrollByDevice(): Promise<{ readonly code: string; readonly ended: Promise<number | null> }> {
  const home = join(world.folder, 'other machine');
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, AGENT_ID_HOME: home, AGENT_ID_ISSUER: world.embedded.issuer };
  const line = [program, 'agents', 'enroll', 'inactive-users', '--device', '--name', 'other'];
  const child = spawn(process.execPath, line, { cwd: world.root, env });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  let heard = '';
  return new Promise((done) => {
    child.stderr.on('data', (data: Buffer) => {
      heard += data.toString();
      const code = /agents approve ([A-Z]{4}-[A-Z]{4})/.exec(heard)?.[1];
      if (code !== undefined) done({ code, ended });
    });
  });
}

describe.skipIf(!canDrive)('a question that is interrupted', () => {
  beforeAll(async () => {
    world = await openWorld();
    expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
  });

  afterAll(() => world.close());

  it.each<readonly [string, readonly Step[]]>([
    ['the first consumer, by Ctrl-C', [['accept', ctrlC]]],
    ['the first consumer, by SIGINT', [['accept', 'SIGINT']]],
    ['the first consumer, by SIGTERM', [['accept', 'SIGTERM']]],
    ['the first consumer, by a closed terminal', [['accept', 'hangup']]],
    [
      'the second consumer',
      [
        ['accept', enter],
        ['accept', ctrlC],
      ],
    ],
    [
      'the scopes',
      [
        ['accept', '\u001b[B\u001b[B\r'],
        ['with commas', ctrlC],
      ],
    ],
    ['the last word', [...all, ['Register 6 agents', ctrlC]]],
    ['the last word, by SIGTERM', [...all, ['Register 6 agents', 'SIGTERM']]],
    ['the last word, by a closed terminal', [...all, ['Register 6 agents', 'hangup']]],
  ])(
    'leaves migrate with nothing done: %s',
    async (_what, steps) => {
      await expectNothingDone(migrate, steps);
    },
    60_000,
  );

  it('is not asked on standard output, which is data; who says no has changed nothing', async () => {
    const before = [snapshot(), registered()];
    const steps: readonly Step[] = [...all, ['Register 6 agents', enter]];
    const { code, shown } = await onTerminal(migrate, steps, join(world.folder, 'out.txt'));
    expect([code, shown]).toEqual([0, expect.stringContaining('Nothing was changed')]);
    expect(readFileSync(join(world.folder, 'out.txt'), 'utf8')).not.toContain('Register 6 agents');
    expect([snapshot(), registered()]).toEqual(before);
  }, 60_000);

  it('leaves remove, review, retire, approve and gc with nothing done', async () => {
    const done = await world.run([...migrate, '--yes']);
    expect(done.code, done.stderr).toBe(0);
    verifyAll();
    await expectNothingDone(['agents', 'remove', 'helpdesk'], [['Delete Helpdesk', ctrlC]]);
    await expectNothingDone(['agents', 'remove', 'helpdesk'], [['Delete Helpdesk', 'SIGTERM']]);
    await expectNothingDone(['agents', 'review', 'helpdesk'], [['What of helpdesk', ctrlC]]);
    const narrow: Step = ['What of helpdesk', '\u001b[B\r'];
    await expectNothingDone(['agents', 'review', 'helpdesk'], [narrow, ['does it lose', ctrlC]]);
    await expectNothingDone(
      ['agents', 'review', 'helpdesk'],
      [
        ['What of helpdesk', enter],
        ['record the review', ctrlC],
      ],
    );
    await expectNothingDone(['retire', 'OKTA_API_TOKEN'], [['cannot be undone', ctrlC]]);
    await expectNothingDone(['retire', 'OKTA_API_TOKEN'], [['cannot be undone', 'SIGTERM']]);
    const asked = await enrollByDevice();
    await expectNothingDone(['agents', 'approve', asked.code], [['Let it in?', ctrlC]]);
    expect((await world.run(['agents', 'approve', asked.code, '--yes'])).code).toBe(0);
    expect(await asked.ended).toBe(0);
    changeLock((lock) => {
      lock.agents = {};
    });
    await expectNothingDone(['agents', 'gc'], [['What goes?', ctrlC]]);
  }, 180_000);
});
