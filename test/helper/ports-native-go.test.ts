import { spawnSync } from 'node:child_process';
import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userScope } from '../exchange/fake-as.ts';
import { describeNative } from './native-scenarios.ts';
import type { Asked, NativeWorld } from './native-world.ts';
import { run } from './run.ts';

const helper = join(import.meta.dirname, '../../src/helper/ports/helper.go');
const missing = spawnSync('go', ['version']).status !== 0;

const main = `package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	agentid "example.test/service/agent-id"
)

func ask(subject string) (string, error) {
	if subject == "" {
		return agentid.AuthorizationAsItself(context.Background(), "password-reset", "api", "${userScope}")
	}
	r, _ := http.NewRequest("POST", "http://service/", nil)
	r.Header.Set("Authorization", "Bearer "+subject)
	return agentid.Authorization(r, "password-reset", "api", "${userScope}", "${userScope}")
}

func get(target string) (string, error) {
	got, err := agentid.ClientAsItself("password-reset", "api", "${userScope}").Get(target)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(got.Body)
	return strconv.Itoa(got.StatusCode) + " " + string(text), err
}

func show(found string, err error) {
	var known *agentid.Error
	if errors.As(err, &known) {
		found = known.Code + " " + known.Error()
	} else if err != nil {
		found = err.Error()
	}
	fmt.Println(found)
}

func main() {
	for _, target := range os.Args[2:] {
		show(get(target))
	}
	if len(os.Args) > 2 {
		return
	}
	subject, _ := io.ReadAll(os.Stdin)
	threads, _ := strconv.Atoi(os.Args[1])
	var wait sync.WaitGroup
	for at := 0; at < threads; at++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			show(ask(string(subject)))
		}()
	}
	wait.Wait()
}
`;

let built: string;

/** Builds for a module of an older Go. The source is gone when the service runs, as on a server. */
async function build(): Promise<void> {
  built = await mkdtemp(join(tmpdir(), 'agent-id-go-'));
  const source = join(built, 'source');
  await mkdir(join(source, 'agent-id'), { recursive: true });
  await copyFile(helper, join(source, 'agent-id/helper.go'));
  await writeFile(join(source, 'go.mod'), 'module example.test/service\n\ngo 1.16\n');
  await writeFile(join(source, 'main.go'), main);
  const { PATH = '', HOME = '' } = process.env;
  for (const args of [
    ['vet', './...'],
    ['build', '-o', '../service', '.'],
  ]) {
    const ran = await run('go', args, { cwd: source, env: { PATH, HOME, GOPROXY: 'off' } });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  }
  await rm(source, { recursive: true });
}

async function install({ root }: NativeWorld): Promise<void> {
  await link(join(built, 'service'), join(root, 'service'));
}

async function ask(world: NativeWorld, subject: string | null, asked: Asked = {}): Promise<string> {
  return runService(world, [String(asked.threads ?? 1)], subject ?? '', asked);
}

async function runService(
  world: NativeWorld,
  args: readonly string[],
  stdin: string,
  { path = 'empty', env = {} }: Asked = {},
): Promise<string> {
  const ran = await run(join(world.root, 'service'), args, {
    cwd: join(world.root, 'empty'),
    env: { PATH: join(world.root, path), AGENT_ID_HOME: world.state, ...env },
    stdin,
  });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

describe.skipIf(missing)('helper.go where neither node nor agent-id is', () => {
  beforeAll(build, 300_000);
  afterAll(() => rm(built, { recursive: true }));
  describeNative('helper.go', {
    install,
    ask,
    get: (here, addresses) => runService(here, ['0', ...addresses], ''),
  });

  it('is formatted as gofmt does', () => {
    expect(spawnSync('gofmt', ['-l', helper], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });
});
