import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { makeTree, oktaToken, scan } from './scan-kit.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A password that nobody would choose and every rule lets pass. */
const password = (): string => fillIn('{letter:4}7{alnum:10}#{digit:2}q');

interface Shape {
  readonly path: string;
  readonly of: (value: string) => string;
  /** Where it must be found: key path and line. */
  readonly slot: string | undefined;
  readonly line: number;
  readonly value?: () => string;
}

const shapes: Readonly<Record<string, Shape>> = {
  'an MCP argument': {
    path: '.mcp.json',
    of: (x) => `{"mcpServers": {"okta": {"command": "npx", "args": ["okta-mcp",\n"--api-token", "${x}"]}}}`,
    slot: 'mcpServers.okta.args[2]',
    line: 2,
  },
  'an MCP header argument': {
    path: '.cursor/mcp.json',
    of: (x) => `{"mcpServers": {"okta": {"args": ["--header",\n"Authorization: Bearer ${x}"]}}}`,
    slot: 'mcpServers.okta.args[1]',
    line: 2,
  },
  'an MCP header': {
    path: '.vscode/mcp.json',
    of: (x) => `{"servers": {"acme": {"type": "http", "headers": {\n"X-Api-Key": "${x}"}}}}`,
    slot: 'servers.acme.headers.X-Api-Key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'an MCP URL': {
    path: '.mcp.json',
    of: (x) => `{"mcpServers": {"acme": {\n"url": "https://mcp.acme.example/sse?team=a&apiKey=${x}"}}}`,
    slot: 'mcpServers.acme.url.apiKey',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'an MCP command line': {
    path: '.mcp.json',
    of: (x) => `{"mcpServers": {"acme": {\n"command": "npx -y acme-mcp --api-key ${x} --stage prod"}}}`,
    slot: 'mcpServers.acme.command(--api-key)',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'JSON within an MCP variable': {
    path: '.mcp.json',
    of: (x) =>
      `{"mcpServers": {"acme": {"env": {\n"OPENAPI_MCP_HEADERS": ${JSON.stringify(JSON.stringify({ Authorization: `Bearer ${x}` }))}}}}}`,
    slot: 'mcpServers.acme.env.OPENAPI_MCP_HEADERS.Authorization',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'a default in JSON': {
    path: '.mcp.json',
    of: (x) => `{"mcpServers": {"a": {"env": {\n"STAGE": "\${ACME_API_KEY:-${x}}"}}}}`,
    slot: 'mcpServers.a.env.STAGE',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'a default in YAML': {
    path: 'compose.yaml',
    of: (x) => `services:\n  a:\n    environment:\n      ACME: \${ACME_API_KEY:-${x}}\n`,
    slot: 'services.a.environment.ACME',
    line: 4,
    value: () => fillIn('{alnum:36}'),
  },
  'a name and a value in JSON': {
    path: 'task.json',
    of: (x) => `{"environment": [\n{"name": "ACME_API_KEY", "value": "${x}"}]}`,
    slot: 'environment[0].value',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  Codex: {
    path: '.codex/config.toml',
    of: (x) => `[mcp_servers.okta]\ncommand = "npx"\nenv = { OKTA_API_TOKEN = "${x}" }\n`,
    slot: 'mcp_servers.okta.env.OKTA_API_TOKEN',
    line: 3,
  },
  'a Codex header': {
    path: '.codex/config.toml',
    of: (x) => `[mcp_servers.a]\nhttp_headers = { "X-Api-Key" = "${x}" }\n`,
    slot: 'mcp_servers.a.http_headers.X-Api-Key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'a registry login': {
    path: '.docker/config.json',
    of: (x) => `{"auths": {\n"registry.acme.example": {"auth": "${base64(`ada:${x}`)}"}}}`,
    slot: 'auths["registry.acme.example"].auth',
    line: 2,
    value: password,
  },
  'a Kubernetes Secret': {
    path: 'deploy/secret.yaml',
    of: (x) => `apiVersion: v1\nkind: Secret\ndata:\n  okta-api-token: ${base64(x)}\n`,
    slot: 'data.okta-api-token',
    line: 4,
  },
  'a Kubernetes Secret in plain text': {
    path: 'deploy/secret.yaml',
    of: (x) => `apiVersion: v1\nkind: Secret\nstringData:\n  okta-api-token: ${x}\n`,
    slot: 'stringData.okta-api-token',
    line: 4,
  },
  'a kubeconfig': {
    path: '.kube/config',
    of: (x) => `apiVersion: v1\nkind: Config\nusers:\n  - name: a\n    user:\n      token: ${x}\n`,
    slot: 'users[0].user.token',
    line: 6,
    value: () => fillIn('{alnum:40}'),
  },
  Ansible: {
    path: 'group_vars/all.yml',
    of: (x) => `db_host: db.acme.example\ndb_password: ${x.replace('#', '!')}\n`,
    slot: 'db_password',
    line: 2,
    value: password,
  },
  'Maven settings': {
    path: 'settings.xml',
    of: (x) =>
      `<settings>\n<servers><server><username>ada</username>\n<password>${x}</password></server></servers></settings>`,
    slot: 'settings.servers.server.password',
    line: 3,
    value: password,
  },
  'web.config': {
    path: 'web.config',
    of: (x) =>
      `<configuration><appSettings>\n<add key="AcmeApiKey" value="${x}" />\n</appSettings></configuration>`,
    slot: 'configuration.appSettings.add@value',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'a connection string': {
    path: 'appsettings.json',
    of: (x) => `{"ConnectionStrings": {\n"Main": "Server=db.acme.example;User Id=app;Password=${x};"}}`,
    slot: 'ConnectionStrings.Main.Password',
    line: 2,
    value: password,
  },
  'an Android resource': {
    path: 'res/values/strings.xml',
    of: (x) => `<resources>\n<string name="acme_api_key">${x}</string></resources>`,
    slot: 'resources.string',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  FileZilla: {
    path: 'sitemanager.xml',
    of: (x) =>
      `<FileZilla3><Servers><Server>\n<Pass encoding="base64">${base64(x)}</Pass></Server></Servers></FileZilla3>`,
    slot: 'FileZilla3.Servers.Server.Pass',
    line: 2,
    value: password,
  },
  '.npmrc': {
    path: '.npmrc',
    of: (x) => `registry=https://npm.acme.example/\n//npm.acme.example/:_authToken=${x}\n`,
    slot: '["//npm.acme.example/:_authToken"]',
    line: 2,
    value: () => fillIn('{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}'),
  },
  '.pypirc': {
    path: '.pypirc',
    of: (x) => `[acme]\nusername = ada\npassword = ${x.replace('#', '!')}\n`,
    slot: 'acme.password',
    line: 3,
    value: password,
  },
  'AWS credentials': {
    path: '.aws/credentials',
    of: (x) => `[default]\naws_access_key_id = ${fillIn('AKIA{base32:16}')}\naws_secret_access_key = ${x}\n`,
    slot: 'default.aws_secret_access_key',
    line: 3,
    value: () => fillIn('{alnum:40}'),
  },
  properties: {
    path: 'application.properties',
    of: (x) => `server.port=80\nokta.client.token=${x}\n`,
    slot: '["okta.client.token"]',
    line: 2,
  },
  'a systemd unit': {
    path: 'etc/agent.service',
    of: (x) => `[Service]\nEnvironment="STAGE=prod" "ACME_API_KEY=${x}"\n`,
    slot: 'Service.Environment.ACME_API_KEY',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  '.netrc': {
    path: '.netrc',
    of: (x) => `machine git.acme.example\nlogin ada password ${x}\n`,
    slot: '["git.acme.example"].password',
    line: 2,
    value: password,
  },
  '.git-credentials': {
    path: '.git-credentials',
    of: (x) => `https://bob@other.example\nhttps://ada:${x}@git.acme.example\n`,
    slot: 'ada.password',
    line: 2,
    value: () => fillIn('{alnum:40}'),
  },
  '.pgpass': {
    path: '.pgpass',
    of: (x) => `# db\ndb.acme.example:5432:app:ada:${x}\n`,
    slot: '["db.acme.example:5432:app:ada"].password',
    line: 2,
    value: password,
  },
  Terraform: {
    path: 'main.tf',
    of: (x) => `provider "okta" {\n  org_name = "acme"\n  api_token = "${x}"\n}\n`,
    slot: 'provider.okta.api_token',
    line: 3,
  },
  'the default of a Terraform variable': {
    path: 'variables.tf',
    of: (x) => `variable "acme_api_key" {\n  type = string\n  default = "${x}"\n}\n`,
    slot: 'variable.acme_api_key.default',
    line: 3,
    value: () => fillIn('{alnum:36}'),
  },
  'Terraform values': {
    path: 'prod.tfvars',
    of: (x) => `region = "eu"\nacme_api_key = "${x}"\n`,
    slot: 'acme_api_key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'Terraform state': {
    path: 'terraform.tfstate',
    of: (x) => `{"resources": [{"instances": [{"attributes":\n{"db_password": "${x}"}}]}]}`,
    slot: 'resources[0].instances[0].attributes.db_password',
    line: 2,
    value: password,
  },
  'a CSV column': {
    path: 'keys.csv',
    of: (x) => `team,api_key\npayroll,${x}\n`,
    slot: '[1].api_key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'a CSV of keys and values': {
    path: 'env.csv',
    of: (x) => `name,value\nSTAGE,prod\nACME_API_KEY,"${x}"\n`,
    slot: '[2].value',
    line: 3,
    value: () => fillIn('{alnum:36}'),
  },
  'a cell of a notebook': {
    path: 'a.ipynb',
    of: (x) =>
      `{"cells": [{"cell_type": "code", "source": ["import os\\n",\n"acme_api_key = \\"${x}\\"\\n"]}]}`,
    slot: 'cells[0].source.acme_api_key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'the output of a notebook': {
    path: 'a.ipynb',
    of: (x) =>
      `{"cells": [{"cell_type": "code", "source": [], "outputs": [{"text": [\n"ACME_API_KEY=${x}\\n"]}]}]}`,
    slot: 'cells[0].outputs[0].ACME_API_KEY',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  Ruby: {
    path: 'config/initializers/acme.rb',
    of: (x) => `Acme.configure do |config|\n  config.api_key = '${x}'\nend\n`,
    slot: 'config.api_key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  PHP: {
    path: 'config.php',
    of: (x) => `<?php\nreturn ['acme_api_key' => '${x}'];\n`,
    slot: 'acme_api_key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  Java: {
    path: 'src/Main.java',
    of: (x) => `class Main {\n  static final String API_KEY = "${x}";\n}\n`,
    slot: 'API_KEY',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  'C#': {
    path: 'Program.cs',
    of: (x) => `var client = new Client();\nclient.DefaultRequestHeaders.Add("X-Api-Key", "${x}");\n`,
    slot: 'X-Api-Key',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  Rust: {
    path: 'src/main.rs',
    of: (x) => `fn main() {}\nconst API_KEY: &str = "${x}";\n`,
    slot: 'API_KEY',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
  PowerShell: {
    path: 'deploy.ps1',
    of: (x) => `$Stage = "prod"\n$ApiKey = "${x}"\n`,
    slot: '$ApiKey',
    line: 2,
    value: () => fillIn('{alnum:36}'),
  },
};

describe('scan finds the value in', () => {
  it.each(Object.entries(shapes))('%s', async (_, { path, of, slot, line, value = oktaToken }) => {
    const secret = value();
    const { findings } = await scan(makeTree({ [path]: of(secret) }), '--min-confidence', 'low');
    const found = findings
      .filter(({ kind }) => kind === 'literal')
      .map(({ location }) => `${location.startLine} ${location.slot ?? ''}`);
    expect(found).toContain(`${line} ${slot ?? ''}`);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });
});

const stand = [
  '${ACME_API_KEY}',
  'your-api-key',
  '<api-key>',
  'changeme',
  '{{ acme_api_key }}',
  'op://vault/acme/key',
];

describe('scan passes over a stand-in in', () => {
  it.each(Object.entries(shapes).filter(([name]) => name !== 'FileZilla'))('%s', async (_, { path, of }) => {
    for (const text of stand) {
      const { findings } = await scan(makeTree({ [path]: of(text) }), '--min-confidence', 'low');
      const found = findings.filter(({ kind, name }) => kind === 'literal' && !/aws/i.test(name ?? ''));
      expect(found.map(({ rule, name }) => `${text}: ${rule} ${name ?? ''}`)).toEqual([]);
    }
  });
});
