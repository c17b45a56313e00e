import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run, type Ran } from './run.ts';

const ports = join(import.meta.dirname, '../../src/helper/ports');
const has = (command: string, argument: string): boolean => spawnSync(command, [argument]).status === 0;

let root: string;
let service: string;
let log: string;
let env: NodeJS.ProcessEnv;

/** Stands for `agent-id`: notes how it was called, and answers as the real one does. */
const stub = `#!/bin/sh
subject=$(cat)
echo "$PWD|$*|$subject" >> "$STUB_LOG"
sleep 0.3
case "$*" in
  *revoked*)
    echo '{"error":{"code":"denied","message":"Revoked Agent was denied.","hint":"Ask for: agent-id agents restore revoked"}}'
    echo 'error[denied]: Revoked Agent was denied.' >&2
    exit 2 ;;
  *"--format raw"*) echo "token-of-session" ;;
  *--as-agent*) echo '{"access_token":"token-of-itself","expires_in":300}' ;;
  *brief*) echo '{"access_token":"token-of-'"$subject"'","expires_in":20}' ;;
  *) echo '{"access_token":"token-of-'"\${subject:-session}"'","expires_in":300}' ;;
esac
`;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'agent-id-ports-')));
  service = join(root, 'service');
  log = join(root, 'log');
  await mkdir(join(service, 'agent-id'), { recursive: true });
  for (const name of ['helper.py', 'helper.go', 'helper.sh']) {
    await copyFile(join(ports, name), join(service, 'agent-id', name));
  }
  const bin = join(root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'agent-id'), stub);
  await chmod(join(bin, 'agent-id'), 0o755);
  await writeFile(join(root, 'agent-id.lock.json'), '{}');
  const { PATH = '', HOME = '' } = process.env;
  env = { PATH: `${bin}:${PATH}`, HOME, STUB_LOG: log, PYTHONDONTWRITEBYTECODE: '1' };
});

afterAll(() => rm(root, { recursive: true, force: true }));

beforeEach(() => writeFile(log, ''));

async function calls(): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n').slice(0, -1);
}

describe.skipIf(!has('python3', '--version'))('helper.py', () => {
  const preface = `
import importlib, json, sys, threading
agent_id = importlib.import_module("agent-id.helper")
class Request:
    def __init__(self, header): self.headers = {} if header is None else {"Authorization": header}
def of(header, agent="password-reset", **more):
    try: return agent_id.authorization(agent, "password-api", ["a.read", "b.read"], request=Request(header), **more)
    except agent_id.AgentIdError as error: return [error.code, str(error)]
`;
  const python = async (code: string, more: NodeJS.ProcessEnv = {}): Promise<unknown> => {
    const script = `${preface}${code}\n`;
    const ran = await run('python3', ['-c', script], { cwd: service, env: { ...env, ...more } });
    expect(ran.stderr).toBe('');
    return JSON.parse(ran.stdout);
  };

  it('asks for the user of the request, by standard input, and once', async () => {
    expect(
      await python('print(json.dumps([of("Bearer user-x"), of("Bearer user-y"), of("Bearer user-x")]))'),
    ).toEqual(['Bearer token-of-user-x', 'Bearer token-of-user-y', 'Bearer token-of-user-x']);
    const flags =
      '--agent password-reset --resource password-api --scope a.read --scope b.read --format json';
    expect(await calls()).toEqual([
      `${service}/agent-id|token ${flags} --subject-file -|user-x`,
      `${service}/agent-id|token ${flags} --subject-file -|user-y`,
    ]);
  });

  it('takes other kinds of request, the session, and the agent itself', async () => {
    const code = `
ask = lambda request, **more: agent_id.authorization("password-reset", "password-api", [], request=request, **more)
print(json.dumps([ask("user-x"), ask("Bearer user-x"), ask({"HTTP_AUTHORIZATION": "Bearer user-y"}), ask(None), ask(None, as_itself=True), ask(Request("Bearer user-x"), as_itself=True)]))`;
    expect(await python(code)).toEqual([
      'Bearer token-of-user-x',
      'Bearer token-of-user-x',
      'Bearer token-of-user-y',
      'Bearer token-of-session',
      'Bearer token-of-itself',
      'Bearer token-of-itself',
    ]);
    expect(await calls()).toHaveLength(4);
  });

  it('never takes the session for a request without a token', async () => {
    const answers = await python(
      'print(json.dumps([of(None), of(""), of("Basic dTpw"), of("user-x"), of("Bearer a b")]))',
    );
    for (const answer of answers as string[][]) expect(answer[0]).toBe('not-signed-in');
    expect(await calls()).toEqual([]);
  });

  it('asks once for twenty threads, and again when a token is about to end', async () => {
    const code = `
def twenty(agent):
    found = []
    threads = [threading.Thread(target=lambda: found.append(of("Bearer user-x", agent))) for _ in range(20)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return len(found), sorted(set(found))
print(json.dumps([twenty("password-reset"), of("Bearer user-x", "brief"), of("Bearer user-x", "brief")]))`;
    const token = 'Bearer token-of-user-x';
    expect(await python(code)).toEqual([[20, [token]], token, token]);
    expect(await calls()).toHaveLength(3);
  });

  it('says what to do', async () => {
    expect(await python('print(json.dumps(of("Bearer user-x", "revoked")))')).toEqual([
      'denied',
      'Revoked Agent was denied. Ask for: agent-id agents restore revoked',
    ]);
    const [code, text] = (await python('print(json.dumps(of("Bearer user-x")))', {
      AGENT_ID_COMMAND: '/no/such',
    })) as string[];
    expect([code, text]).toEqual(['internal', expect.stringContaining('AGENT_ID_COMMAND')]);
  });
});

describe.skipIf(!has('go', 'version'))('helper.go', () => {
  const main = `package main

import (
	"encoding/json"
	"net/http"
	"os"
	"sync"

	agentid "example.test/service/agent-id"
)

func request(header string) *http.Request {
	r, _ := http.NewRequest("POST", "http://service/", nil)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return r
}

func text(r *http.Request, agent string) string {
	out, _ := http.NewRequest("GET", "http://api/", nil)
	if err := agentid.SetAuthorization(out, r, agent, "password-api", "a.read", "b.read"); err != nil {
		return err.Error()
	}
	return out.Header.Get("Authorization")
}

func main() {
	found := map[string]any{}
	var wait sync.WaitGroup
	var mutex sync.Mutex
	same := map[string]int{}
	for i := 0; i < 20; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			one := text(request("Bearer user-x"), "password-reset")
			mutex.Lock()
			same[one]++
			mutex.Unlock()
		}()
	}
	wait.Wait()
	found["same"] = same
	found["other"] = text(request("Bearer user-y"), "password-reset")
	found["session"] = text(nil, "password-reset")
	found["none"] = text(request(""), "password-reset")
	found["basic"] = text(request("Basic dTpw"), "password-reset")
	found["revoked"] = text(request("Bearer user-x"), "revoked")
	out, _ := http.NewRequest("GET", "http://api/", nil)
	if agentid.SetAuthorizationAsItself(out, "password-reset", "password-api", "a.read") == nil {
		found["itself"] = out.Header.Get("Authorization")
	}
	os.Setenv("AGENT_ID_COMMAND", "/no/such")
	found["missing"] = text(request("Bearer user-z"), "password-reset")
	json.NewEncoder(os.Stdout).Encode(found)
}
`;

  it('does the same in Go', { timeout: 300_000 }, async () => {
    await writeFile(join(service, 'go.mod'), 'module example.test/service\n\ngo 1.21\n');
    await writeFile(join(service, 'main.go'), main);
    const ran = await run('go', ['run', '.'], {
      cwd: service,
      env: { ...env, GOFLAGS: '-mod=mod', GOPROXY: 'off' },
    });
    expect(ran.stderr).toBe('');
    const found = JSON.parse(ran.stdout) as Record<string, unknown>;
    expect(found).toEqual({
      same: { 'Bearer token-of-user-x': 20 },
      other: 'Bearer token-of-user-y',
      session: 'Bearer token-of-session',
      itself: 'Bearer token-of-itself',
      none: expect.stringContaining('carries no bearer token') as string,
      basic: expect.stringContaining('carries no bearer token') as string,
      revoked: 'agent-id: Revoked Agent was denied. Ask for: agent-id agents restore revoked',
      missing: expect.stringContaining('AGENT_ID_COMMAND') as string,
    });
    const noted = await calls();
    expect(noted).toHaveLength(5);
    expect(noted[0]).toBe(
      `${root}|token --agent password-reset --resource password-api --format json --scope a.read --scope b.read --subject-file -|user-x`,
    );
  });
});

describe('helper.sh', () => {
  const shell = (code: string, more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    run('sh', ['-c', code], { cwd: service, env: { ...env, ...more }, stdin: 'of the script' });

  it('is sourced or run', async () => {
    const sourced = await shell(
      '. ./agent-id/helper.sh; agent_id_authorization password-reset password-api a.read "b*"; cat',
    );
    expect(sourced).toMatchObject({ code: 0, stdout: 'Bearer token-of-session\nof the script', stderr: '' });
    expect((await shell('sh agent-id/helper.sh --as-agent password-reset password-api')).stdout).toBe(
      'Bearer token-of-session\n',
    );
    expect(await calls()).toEqual([
      `${service}|token --agent password-reset --resource password-api --scope a.read --scope b* --format raw|`,
      `${service}|token --agent password-reset --resource password-api --as-agent --format raw|`,
    ]);
  });

  it('fails as the command does, and says so', async () => {
    const refused = await shell(
      '. ./agent-id/helper.sh; x=$(agent_id_authorization revoked password-api) || exit; echo "not $x"',
    );
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error[denied]: Revoked Agent was denied.\n',
    });
    const missing = await shell('. ./agent-id/helper.sh; agent_id_authorization a b', {
      AGENT_ID_COMMAND: '/no/such x',
    });
    expect([missing.code, missing.stderr]).toEqual([127, expect.stringContaining('AGENT_ID_COMMAND')]);
    expect((await shell('. ./agent-id/helper.sh; agent_id_authorization')).code).toBe(2);
  });
});
