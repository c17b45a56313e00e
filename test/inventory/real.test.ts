import { describe, expect, it } from 'vitest';
import { consumer, evidence, mapFiles, only } from './estate.ts';

const header = 'H = {"Authorization": f"SSWS {os.environ[\'OKTA_API_TOKEN\']}"}';
const python = (...lines: string[]): string => ['import os, requests', header, ...lines, ''].join('\n');

describe('what real repositories do', () => {
  it('sets one URL variable twice', async () => {
    const secret = only(
      await mapFiles({
        'scripts/roles.py': python(
          'def roles(base):',
          '    url = f"{base}/api/v1/iam/roles"',
          '    first = requests.get(url, headers=H)',
          '    url = f"{base}/api/v1/apps"',
          '    return first, requests.post(url, headers=H)',
        ),
      }),
    );
    expect(evidence(consumer(secret, 'roles'))).toEqual([
      'okta.apps.manage scripts/roles.py:6',
      'okta.roles.read scripts/roles.py:4',
    ]);
  });

  it('logs and writes sentences about paths that it does not call', async () => {
    const secret = only(
      await mapFiles({
        'scripts/log.py': python(
          '"""Uses DELETE /api/v1/users/{id} some day."""',
          'url = f"{os.environ[\'O\']}/api/v1/groups/{1}/users"',
          'print(f"calling {url} of /api/v1/logs")',
          'requests.get(url, headers=H)',
        ),
      }),
    );
    const one = consumer(secret, 'log');
    expect(one.scopes.map(({ scope }) => scope)).toEqual(['okta.groups.read']);
    expect(one.unknown).toEqual([]);
  });

  it('imports a class and calls one of its methods', async () => {
    const library = [
      'import requests',
      'class Manager:',
      '    def __init__(self, token):',
      '        self.headers = {"Authorization": "SSWS " + token}',
      '    def list_apps(self, base):',
      '        return self.fetch(f"{base}/api/v1/apps")',
      '    def delete_user(self, base, user):',
      '        return requests.delete(f"{base}/api/v1/users/{user}", headers=self.headers)',
      '    def fetch(self, url):',
      '        return requests.get(url, headers=self.headers)',
      'def main():',
      '    Manager("x").delete_user("", "")',
      'if __name__ == "__main__":',
      '    main()',
      '',
    ].join('\n');
    const secret = only(
      await mapFiles({
        'scripts/manager.py': library,
        'scripts/apps.py':
          'import os\nfrom manager import Manager\nManager(os.environ["OKTA_API_TOKEN"]).list_apps(os.environ["O"])\n',
      }),
    );
    const one = consumer(secret, 'apps');
    expect(one.scopes.map(({ scope }) => scope)).toEqual(['okta.apps.read']);
    expect(one.unknown.map((item) => item.line)).toEqual([10]);
  });

  it('reads the token in a file that scripts import: the scripts are the consumers', async () => {
    const secret = only(
      await mapFiles({
        'okta_session.py':
          'import os, requests\nsession = requests.Session()\nsession.headers["authorization"] = "SSWS " + os.getenv("OKTA_API_TOKEN")\n',
        'users.py': 'from okta_session import session\nsession.get("/api/v1/users/me")\n',
        'groups.py': 'from okta_session import session\nsession.get("/api/v1/groups")\n',
      }),
    );
    expect(secret.consumers.map((one) => [one.name, evidence(one)])).toEqual([
      ['groups', ['okta.groups.read groups.py:2']],
      ['users', ['okta.users.read users.py:2']],
    ]);
  });

  it('lets the SDK read its variable by itself', async () => {
    const sdk =
      'import okta.client\nasync def main():\n    async with okta.client.Client() as client:\n        await client.list_users()\n';
    const alone = await mapFiles({ 'a.py': sdk });
    expect(alone.secrets).toEqual([]);
    expect(alone.unresolved).toEqual([
      {
        path: 'a.py',
        line: 3,
        why: expect.stringMatching(/OKTA_CLIENT_TOKEN/),
        secret: null,
        provider: 'okta',
      },
    ]);
    const named = await mapFiles({
      'a.py': sdk,
      'b.py': 'import os\nprint(os.environ["OKTA_CLIENT_TOKEN"])\n',
    });
    const one = consumer(only(named), 'a');
    expect(one).toMatchObject({ how: 'default', confidence: 'probable', unknown: [] });
    expect(evidence(one)).toEqual(['okta.users.read a.py:4']);
  });

  it('sends a token that comes from nowhere, and asks for a URL that an answer names', async () => {
    const map = await mapFiles({
      'typed.py':
        'import requests\ntoken = "..."\nrequests.get("https://x.okta.com/api/v1/users", headers={"Authorization": f"SSWS {token}"})\n',
      'pages.py': python('requests.get(next["url"], headers=H)'),
    });
    expect(map.unresolved).toEqual([
      {
        path: 'typed.py',
        line: 3,
        why: expect.stringMatching(/where it comes from/),
        secret: null,
        provider: 'okta',
      },
    ]);
    expect(consumer(only(map), 'pages').unknown).toEqual([
      { path: 'pages.py', line: 3, why: expect.stringMatching(/known only at run time/) },
    ]);
  });

  it('names two jobs alike, keeps workflows that never run, and runs Terraform in a folder', async () => {
    const job = (name: string, run: string): string =>
      `jobs:\n  ${name}:\n    steps:\n      - run: ${run}\n        working-directory: infra\n        env:\n          TF_VAR_okta_api_token: \${{ secrets.OKTA_API_TOKEN }}\n`;
    const map = await mapFiles({
      '.github/workflows/apply.yml': job('apply', 'terraform apply'),
      '.github/workflows/nightly.yml': job('apply', 'echo $TF_VAR_okta_api_token'),
      '.github/workflows/old/gone.yml': job('gone', 'terraform plan'),
      'infra/main.tf': 'provider "okta" {\n  api_token = var.okta_api_token\n}\n',
    });
    const secret = only(map);
    expect(secret.consumers.map((one) => one.name)).toEqual(['apply', 'nightly-apply']);
    expect(consumer(secret, 'apply').places.map((place) => place.path)).toContain('infra/main.tf');
    expect(map.unresolved.map((one) => one.path)).toEqual(['.github/workflows/old/gone.yml']);
  });

  it('has a package and a variable of one name in Go', async () => {
    const secret = only(
      await mapFiles({
        'go.mod': 'module acme.example/info\n',
        'main.go':
          'package main\n\nimport (\n\t"os"\n\n\t"acme.example/info/client"\n)\n\nfunc main() {\n\tclient.New(os.Getenv("OKTA_API_TOKEN")).Print()\n}\n',
        'client/client.go':
          'package client\n\nimport (\n\t"context"\n\n\t"github.com/okta/okta-sdk-golang/v2/okta"\n)\n\ntype Info struct{ c *okta.Client }\n\nfunc New(token string) *Info {\n\t_, client, _ := okta.NewClient(context.TODO(), okta.WithToken(token))\n\treturn &Info{c: client}\n}\n\nfunc (i *Info) Print() {\n\ti.c.Group.ListGroupUsers(context.TODO(), "g", nil)\n}\n',
      }),
    );
    expect(secret.consumers).toHaveLength(1);
    expect(evidence(secret.consumers[0]!)).toEqual(['okta.groups.read client/client.go:17']);
    expect(secret.consumers[0]?.unknown).toEqual([]);
  });
});
