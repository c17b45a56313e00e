import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oldEnv, writeRepository } from './repository.ts';
import { openWorld, type World } from './world.ts';

const hasGo = spawnSync('go', ['version']).status === 0;

let world: World;

beforeAll(async () => {
  world = await openWorld();
  expect((await world.run(['idp', 'add', 'sandbox', '--type', 'embedded'])).code).toBe(0);
});

afterAll(() => world.close());

const config = `package main

import (
	"errors"
	"os"
)

// Config is what the report is started with.
type Config struct {
	OrgURL string
	Token  string
}

func loadConfig() (*Config, error) {
	cfg := &Config{OrgURL: os.Getenv("OKTA_ORG_URL"), Token: os.Getenv("OKTA_API_TOKEN")}
	if cfg.Token == "" {
		return nil, errors.New("OKTA_API_TOKEN is not set")
	}
	return cfg, nil
}
`;

const client = `package main

import (
	"fmt"
	"net/http"
)

type page struct{ Token string }

type directory struct {
	base  string
	token string
}

func newDirectory(base, token string) *directory {
	return &directory{base: base, token: token}
}

func (d *directory) users() (int, error) {
	req, err := http.NewRequest("GET", d.base+"/api/v1/users", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", fmt.Sprintf("SSWS %s", d.token))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	next := page{Token: res.Header.Get("X-Next")}
	return len(next.Token) + res.StatusCode, nil
}
`;

const main = `package main

import (
	"fmt"
	"log"
)

func main() {
	cfg, err := loadConfig()
	if err != nil {
		log.Fatal(err)
	}
	found, err := newDirectory(cfg.OrgURL, cfg.Token).users()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("found:", found)
}
`;

describe('a token that travels over the files of a Go package', { timeout: 240_000 }, () => {
  const files = {
    'go.mod': 'module acme.example/report\n\ngo 1.21\n',
    'config.go': config,
    'client.go': client,
  };

  it.skipIf(!hasGo)('is followed, and the rewritten program asks for one of its own (needs go)', async () => {
    const root = writeRepository(world, 'report', { '.env': oldEnv(world), ...files, 'main.go': main });
    const { code, stdout, stderr } = await world.run(['-C', root, 'migrate', '--yes']);
    expect(stdout + stderr).not.toMatch(/error\[|must wait|Left to a person/);
    expect(code).toBe(0);
    const text = (path: string): string => readFileSync(join(root, path), 'utf8');
    expect(text('main.go')).toBe(main.replace(', cfg.Token', ''));
    expect(text('config.go')).toBe(
      config
        .replace('\tToken  string\n', '')
        .replace(', Token: os.Getenv("OKTA_API_TOKEN")', '')
        .replace(/\tif cfg[\s\S]*?\n\t}\n/, '')
        .replace('\t"errors"\n', ''),
    );
    expect(text('client.go')).toContain('type page struct{ Token string }');
    expect(text('client.go')).toContain('agentid.SetAuthorization(req, nil, "report", "password-api"');
    expect(text('client.go')).not.toMatch(/SSWS|token string/);
    const issue = join(root, 'issue.cjs');
    writeFileSync(issue, 'console.log(JSON.stringify({ access_token: "own", expires_in: 20 }));\n');
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      response.end('[]');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const env = {
        ...process.env,
        GOFLAGS: '-mod=mod',
        GOPROXY: 'off',
        GOTOOLCHAIN: 'local',
        OKTA_ORG_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AGENT_ID_COMMAND: `${process.execPath} ${issue}`,
      };
      const ran = await promisify(execFile)('go', ['run', '.'], { cwd: root, env });
      expect(ran.stdout).toBe('found: 200\n');
      expect(seen).toEqual(['/api/v1/users Bearer own']);
    } finally {
      server.close();
    }
  });

  it('is left where another file does something else with it, and the plan says where', async () => {
    const root = writeRepository(world, 'report-shown', {
      '.env': oldEnv(world),
      ...files,
      'main.go': main
        .replace('cfg.Token)', 'cfg.Token) // as it is')
        .replace('\tfound,', '\tfmt.Println(cfg.Token)\n\tfound,'),
    });
    const { stdout } = await world.run(['-C', root, 'migrate', '--dry-run']);
    expect(stdout).toMatch(/(main|config)\.go:\d+ {2}/);
    expect(stdout).not.toContain('+++ b/');
  });

  it('is left where a test of the package gives another one', async () => {
    const root = writeRepository(world, 'report-tested', {
      '.env': oldEnv(world),
      ...files,
      'main.go': main,
      'client_test.go':
        'package main\n\nimport "testing"\n\nfunc TestUsers(t *testing.T) {\n\tnewDirectory("http://x.example", "other").users()\n}\n',
    });
    const { stdout } = await world.run(['-C', root, 'migrate', '--dry-run']);
    expect(stdout).toMatch(/client_test\.go:6 {2}newDirectory of \w+\.go gets a token here/);
    expect(stdout).not.toContain('+++ b/');
  });
});
