import { describe, expect, it } from 'vitest';
import { impact } from '../../src/inventory/index.ts';
import type { Lock } from '../../src/model/agent.ts';
import { consumer, evidence, fingerprint, mapFiles, only, token } from './estate.ts';

const curl = (path: string, more = ''): string =>
  `curl -s ${more} -H "Authorization: SSWS $OKTA_API_TOKEN" "$OKTA_ORG_URL${path}"\n`;

describe('secrets', () => {
  it('joins values and names, and follows a rename into the code that it runs', async () => {
    const secret = only(
      await mapFiles({
        '.env': `OKTA_API_TOKEN=${token}\n`,
        'legacy/.env': `OKTA_KEY=${token}\n`,
        '.github/workflows/sync.yml': [
          'on: push',
          'jobs:',
          '  sync:',
          '    runs-on: ubuntu-latest',
          '    steps:',
          '      - run: python tools/sync.py',
          '        env:',
          '          OKTA: ${{ secrets.OKTA_API_TOKEN }}',
        ].join('\n'),
        'tools/sync.py': [
          'import os, requests',
          'headers = {"Authorization": "SSWS " + os.environ["OKTA"]}',
          'requests.delete(os.environ["URL"] + "/api/v1/groups/" + os.environ["GROUP"], headers=headers)',
        ].join('\n'),
      }),
    );
    expect(secret.names).toEqual(expect.arrayContaining(['OKTA_API_TOKEN', 'OKTA_KEY']));
    expect(secret.consumers).toHaveLength(1);
    const job = consumer(secret, 'sync');
    expect(job).toMatchObject({
      kind: 'ci-job',
      how: 'derived',
      confidence: 'confirmed',
      language: 'python',
    });
    expect(job.places.map((place) => `${place.path}:${place.startLine}`)).toContain('tools/sync.py:2');
    expect(evidence(job)).toEqual(['okta.groups.manage tools/sync.py:3']);
  });

  it('keeps generic names of two services apart', async () => {
    const service = `import okta from '@okta/okta-sdk-nodejs';\nconst client = new okta.Client({ orgUrl: 'x', token: process.env.OKTA_TOKEN });\nclient.groupApi.listGroups();\n`;
    const map = await mapFiles({
      'services/a/.env': `TOKEN=${token}\n`,
      'services/a/main.js': service.replace('OKTA_TOKEN', 'TOKEN'),
      'services/b/main.js': service.replace('OKTA_TOKEN', 'TOKEN'),
      'services/b/package.json': '{"name":"b"}',
      'services/a/package.json': '{"name":"a"}',
    });
    expect(only(map).consumers.map((one) => one.id)).toEqual(['code:services/a']);
  });
});

describe('consumers', () => {
  it('takes cron, script and program as one', async () => {
    const secret = only(
      await mapFiles({
        'ops/crontab': '0 3 * * * /srv/app/jobs/nightly.sh\n',
        'jobs/nightly.sh': '#!/bin/sh\n. ./.env\npython3 jobs/export.py\n',
        'jobs/export.py':
          'import os, requests\nrequests.get(f"{os.environ[\'O\']}/api/v1/logs", headers={"Authorization": "SSWS " + os.environ["OKTA_API_TOKEN"]})\n',
        '.env': `OKTA_API_TOKEN=${token}\n`,
      }),
    );
    expect(secret.consumers.map((one) => one.id)).toEqual(['cron:ops/crontab#nightly']);
    expect(evidence(secret.consumers[0]!)).toEqual(['okta.logs.read jobs/export.py:2']);
  });

  it('lets a script that people run be its own, and act as itself', async () => {
    const secret = only(
      await mapFiles({
        'package.json': '{"name":"portal"}',
        'src/server.js':
          "import http from 'node:http';\nhttp.createServer((q, s) => fetch(`${process.env.URL}/api/v1/users/${q.url}`, { headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` } })).listen(80);\n",
        'scripts/unlock.sh': `#!/bin/sh\n${curl('/api/v1/users/$1/lifecycle/unlock', '-X POST')}`,
      }),
    );
    expect(secret.consumers.map((one) => [one.id, one.name, one.actsFor])).toEqual([
      ['code:.', 'portal', 'user'],
      ['script:scripts/unlock.sh', 'unlock', 'itself'],
    ]);
    expect(evidence(consumer(secret, 'unlock'))).toEqual(['okta.users.manage scripts/unlock.sh:2']);
    expect(evidence(consumer(secret, 'portal'))).toEqual(['okta.users.read src/server.js:2']);
  });

  it('sees an image with no code as probable, and a workflow-wide env only in the jobs that read it', async () => {
    const secret = only(
      await mapFiles({
        'compose.yaml':
          'services:\n  bridge:\n    image: acme/bridge:1\n    environment:\n      OKTA_API_TOKEN: ${OKTA_API_TOKEN}\n',
        '.github/workflows/a.yml': [
          'env:',
          '  OKTA_API_TOKEN: ${{ secrets.OKTA_API_TOKEN }}',
          'jobs:',
          '  lint:',
          '    steps:',
          '      - run: npm run lint',
          '  report:',
          '    steps:',
          '      - run: ./report.sh',
        ].join('\n'),
        'report.sh': `#!/bin/sh\n${curl('/api/v1/apps')}`,
      }),
    );
    expect(secret.consumers.map((one) => [one.name, one.kind, one.confidence])).toEqual([
      ['report', 'ci-job', 'confirmed'],
      ['bridge', 'container', 'probable'],
    ]);
  });

  it('reads curl in a workflow step', async () => {
    const secret = only(
      await mapFiles({
        '.github/workflows/probe.yml': [
          'jobs:',
          '  probe:',
          '    steps:',
          '      - env:',
          '          OKTA_API_TOKEN: ${{ secrets.OKTA_API_TOKEN }}',
          '        run: |',
          '          set -e',
          `          ${curl('/api/v1/users/00u1/lifecycle/suspend', '--request POST')}`,
        ].join('\n'),
      }),
    );
    expect(evidence(consumer(secret, 'probe'))).toEqual(['okta.users.manage .github/workflows/probe.yml:8']);
  });

  it('finds the Terraform provider that reads the variable', async () => {
    const secret = only(
      await mapFiles({
        'terraform/provider.tf':
          'provider "okta" {\n  org_name  = "acme"\n  api_token = var.okta_api_token\n}\n',
        'terraform/terraform.tfvars': `okta_api_token = "${token}"\n`,
      }),
    );
    expect(secret.consumers).toHaveLength(1);
    expect(secret.consumers[0]).toMatchObject({
      id: 'terraform:terraform',
      kind: 'terraform',
      line: 3,
      actsFor: 'itself',
    });
    expect(secret.storedIn.map((place) => place.path)).toEqual(['terraform/terraform.tfvars']);
  });

  it('leaves a value that nothing reads unresolved', async () => {
    const map = await mapFiles({ '.env': `OKTA_API_TOKEN=${token}\n` });
    expect(only(map).consumers).toEqual([]);
    expect(map.unresolved).toEqual([
      expect.objectContaining({
        path: '.env',
        line: 1,
        why: expect.stringMatching(/nothing that reads it/) as string,
        provider: 'okta',
      }),
    ]);
  });

  it('gives two folders of one name two names', async () => {
    const code =
      'fetch(`${process.env.U}/api/v1/apps`, { headers: { Authorization: `SSWS ${process.env.OKTA_API_TOKEN}` } });\n';
    const secret = only(
      await mapFiles({
        'east/api/package.json': '{}',
        'east/api/a.js': code,
        'west/api/package.json': '{}',
        'west/api/a.js': code,
      }),
    );
    expect(new Set(secret.consumers.map((one) => one.name)).size).toBe(2);
  });
});

describe('scopes', () => {
  it('never takes a call of something else for one of Okta', async () => {
    const secret = only(
      await mapFiles({
        'services/x/package.json': '{}',
        'services/x/main.js': [
          "import okta from '@okta/okta-sdk-nodejs';",
          "import { IAM } from '@aws-sdk/client-iam';",
          'const iam = new IAM({});',
          'const client = new okta.Client({ orgUrl: process.env.U, token: process.env.OKTA_API_TOKEN });',
          'iam.listUsers({});',
          "fetch('https://api.github.com/api/v1/users');",
          'client.userApi.unlockUser({ userId: 1 });',
          'client.userApi.frobnicate({});',
        ].join('\n'),
        'services/x/other.js': "import { store } from './store.js';\nstore.listGroups();\n",
        'services/x/store.js': 'export const store = { listGroups() {} };\n',
      }),
    );
    const one = consumer(secret, 'x');
    expect(evidence(one)).toEqual(['okta.users.manage services/x/main.js:7']);
    expect(one.unknown).toEqual([
      { path: 'services/x/main.js', line: 8, why: expect.stringMatching(/frobnicate is not in the table/) },
    ]);
  });

  it('says when the method of a path cannot be told, and widens nothing', async () => {
    const secret = only(
      await mapFiles({
        'services/y/requirements.txt': '',
        'services/y/app.py': [
          'import os, requests',
          'H = {"Authorization": f"SSWS {os.environ[\'OKTA_API_TOKEN\']}"}',
          'def call(path, how):',
          '    return send(how, f"{BASE}{path}", H)',
          'call("/api/v1/users/" + uid, how)',
          'call("/api/v1/users/" + uid + "/lifecycle/activate", how)',
        ].join('\n'),
      }),
    );
    const one = consumer(secret, 'y');
    expect(one.unknown.map((item) => item.line)).toEqual([5]);
    expect(evidence(one)).toEqual(['okta.users.manage services/y/app.py:6']);
  });

  it('follows a client to the file that uses it', async () => {
    const secret = only(
      await mapFiles({
        'services/z/package.json': '{}',
        'services/z/okta.js':
          "const okta = require('@okta/okta-sdk-nodejs');\nconst client = new okta.Client({ orgUrl: 'u', token: process.env.OKTA_API_TOKEN });\nmodule.exports = { client };\n",
        'services/z/users.js':
          "const { client } = require('./okta');\nexports.all = () => client.listUsers();\n",
      }),
    );
    expect(evidence(consumer(secret, 'z'))).toEqual(['okta.users.read services/z/users.js:2']);
  });
});

describe('after a migration', () => {
  const secret = fingerprint(token);
  const lock = (state: 'verified' | 'enrolled'): Lock => ({
    schemaVersion: 1,
    agents: {
      nightly: {
        displayName: 'Nightly Agent',
        owner: '@acme/ops',
        idp: 'embedded',
        issuer: 'http://127.0.0.1:1',
        clientId: 'agent-id.nightly.x',
        keys: [],
        flow: 'as-itself',
        resources: [],
        consumers: [{ id: 'cron:crontab#nightly', secret, state }],
      },
    },
    secrets: {
      [secret]: {
        names: ['OKTA_API_TOKEN'],
        rule: 'okta-api-token',
        provider: 'okta',
        handle: null,
        state: 'active',
      },
    },
  });
  const files = {
    crontab:
      '0 3 * * * agent-id exec --agent nightly --as-agent --env OKTA_API_TOKEN=password-api#okta.apps.read -- ./nightly.sh\n',
    'nightly.sh': `#!/bin/sh\n${curl('/api/v1/apps').replace('SSWS', 'Bearer')}`,
  };

  it('knows the consumer by its agent and its state', async () => {
    const map = await mapFiles(files, lock('verified'));
    expect(only(map)).toMatchObject({ secret, names: ['OKTA_API_TOKEN'] });
    expect(only(map).consumers.map((one) => [one.id, one.name, one.state])).toEqual([
      ['cron:crontab#nightly', 'nightly', 'verified'],
    ]);
    expect(impact(map).clean).toBe(true);
  });

  it('still counts one that only the lock knows', async () => {
    const map = await mapFiles({ 'a.py': 'print(1)\n' }, lock('enrolled'));
    expect(only(map).consumers.map((one) => one.state)).toEqual(['enrolled']);
    expect(impact(map).clean).toBe(false);
  });
});
