import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

type Shape = readonly [path: string, text: string];

/** Ways in which an Okta token stands in files. */
const okta: readonly Shape[] = [
  ['call.sh', 'curl -H "Authorization: SSWS 00{alnum:40}" https://acme.okta.com/api/v1/users'],
  ['client.ts', "const headers = { Authorization: 'SSWS 00{url:40}' };"],
  ['client.py', 'headers = {"Authorization": f"SSWS 00{alnum:40}"}'],
  ['deployment.yaml', 'env:\n  - name: OKTA_API_TOKEN\n    value: 00{alnum:40}'],
  ['pod.json', '{"env": [{"name": "OKTA_API_TOKEN", "value": "00{alnum:40}"}]}'],
  ['run.sh', 'token="${OKTA_API_TOKEN:-00{alnum:40}}"'],
  [
    'compose.yaml',
    'services:\n  api:\n    environment:\n      OKTA_CLIENT_TOKEN: ${OKTA_CLIENT_TOKEN:-00{alnum:40}}',
  ],
  ['state.json', '{"env": "{\\"OKTA_API_TOKEN\\":\\"00{alnum:40}\\"}"}'],
  ['.mcp.json', '{"mcpServers": {"okta": {"command": "okta-mcp", "args": ["--token", "00{alnum:40}"]}}}'],
  ['okta.yaml', 'okta:\n  client:\n    orgUrl: https://acme.okta.com\n    token: 00{alnum:40}'],
  ['okta.toml', '[okta]\norg = "acme.okta.com"\ntoken = "00{alnum:40}"'],
  ['settings.xml', '<okta>\n  <apiToken>00{alnum:40}</apiToken>\n</okta>'],
  ['main.tf', 'provider "okta" {\n  org_name  = "acme"\n  api_token = "00{alnum:40}"\n}'],
  ['.env', 'OKTA_OAUTH2_CLIENT_SECRET={url:64}'],
  ['app.properties', 'okta.client.token=00{alnum:40}'],
];

/** What stands beside them and is none. */
const noOkta: readonly Shape[] = [
  ['.env', 'OKTA_CLIENT_ID=0oa{alnum:17}'],
  ['.env', 'OKTA_GROUP_ID=00g{alnum:17}'],
  ['.env', 'OKTA_USER_ID=00u{alnum:17}'],
  ['.env', 'OKTA_API_TOKEN_FILE=/run/secrets/okta'],
  ['.env', 'OKTA_TOKEN_TTL=3600'],
  ['build.yaml', 'okta_build: 00{hex:40}'],
  ['okta.lock.json', '{"okta": {"sha": "00{hex:40}"}}'],
  ['.env', 'OKTA_API_TOKEN=your-okta-api-token'],
  ['.env', 'OKTA_API_TOKEN=00xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  ['call.sh', 'curl -H "Authorization: SSWS ${OKTA_API_TOKEN}" https://acme.okta.com'],
  ['call.sh', 'curl -H "Authorization: SSWS <api_token>" https://acme.okta.com'],
  ['workflow.yaml', 'env:\n  OKTA_API_TOKEN: ${{ secrets.OKTA_API_TOKEN }}'],
  ['.env', 'OKTA_API_TOKEN=op://team/okta/token'],
  [
    'pod.yaml',
    'env:\n  - name: OKTA_API_TOKEN\n    valueFrom:\n      secretKeyRef:\n        name: okta\n        key: token',
  ],
  ['client.ts', 'const token = process.env.OKTA_API_TOKEN;'],
  ['main.tf', 'api_token = var.okta_api_token'],
  ['okta.yaml', 'okta:\n  client:\n    orgUrl: https://acme.okta.com\n    token: {yourApiToken}'],
  ['okta.yaml', 'okta:\n  authorizationServerId: aus{alnum:17}\n  redirectUri: https://acme.net/cb'],
];

function mcp(server: string): Shape {
  return ['.mcp.json', `{"mcpServers": {"acme": ${server}}}`];
}

const mcpServers: readonly Shape[] = [
  mcp('{"command": "npx", "args": ["acme-mcp"], "env": {"ACME_TOKEN": "{alnum:32}"}}'),
  mcp('{"command": "npx", "args": ["acme-mcp", "--api-key", "{alnum:32}"]}'),
  mcp('{"command": "npx", "args": ["acme-mcp", "--api-key={alnum:32}"]}'),
  mcp('{"url": "https://mcp.acme.net", "headers": {"Authorization": "Bearer {alnum:40}"}}'),
  mcp('{"url": "https://mcp.acme.net", "headers": {"X-Api-Key": "{hex:32}"}}'),
  mcp('{"url": "https://mcp.acme.net/sse?api_key={alnum:32}"}'),
  mcp(
    '{"command": "npx", "args": ["mcp-remote", "https://mcp.acme.net", "--header", "Authorization: Bearer {alnum:40}"]}',
  ),
  mcp('{"command": "acme", "env": {"ACME_TOKEN": "${ACME_TOKEN:-{alnum:32}}"}}'),
  mcp('{"command": "npx", "args": ["db-mcp", "postgres://app:{letter:6}{digit:4}@db.acme.net/app"]}'),
  mcp('{"command": "acme", "env": {"HEADERS": "{\\"Authorization\\": \\"Bearer {alnum:40}\\"}"}}'),
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\ncommand = "npx"\n[mcp_servers.acme.env]\nACME_API_KEY = "{alnum:32}"',
  ],
  ['.vibe/config.toml', '[mcp_servers.acme.http_headers]\nAuthorization = "Bearer {alnum:40}"'],
];

const noMcp: readonly Shape[] = [
  mcp('{"command": "npx", "args": ["-y", "@acme/mcp-server-with-long-name@1.2.3"]}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "${ACME_TOKEN}"}}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "${env:ACME_TOKEN}"}}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "${input:acme-token}"}}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "{env:ACME_TOKEN}"}}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "<your-token>"}}'),
  mcp('{"command": "npx", "env": {"ACME_API_KEY": "YOUR_API_KEY_HERE"}}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN_FILE": "/home/ci/.acme/token"}}'),
  mcp('{"command": "npx", "env": {"ACME_ORG_ID": "{uuid}"}}'),
  mcp('{"command": "npx", "env": {"ACME_PROJECT_ID": "{hex:24}", "LOG_LEVEL": "debug"}}'),
  mcp('{"url": "https://mcp.acme.net/sse", "headers": {"Authorization": "Bearer ${ACME_TOKEN}"}}'),
  mcp('{"command": "docker", "args": ["run", "-i", "--rm", "-e", "ACME_TOKEN", "acme/mcp@sha256:{hex:64}"]}'),
  mcp('{"command": "npx", "env": {"ACME_TOKEN": "op://team/acme/token"}}'),
  mcp('{"command": "acme", "args": ["--token-file", "/run/secrets/acme-token"]}'),
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\nurl = "https://mcp.acme.net"\nbearer_token_env_var = "ACME_TOKEN"',
  ],
  [
    '.vscode/mcp.json',
    '{"inputs": [{"id": "acme-token", "type": "promptString", "password": true, "description": "token of Acme"}]}',
  ],
];

describe.each([
  ['Okta', okta, noOkta],
  ['MCP', mcpServers, noMcp],
] as const)('shapes of %s', (_, secrets, harmless) => {
  it.each(secrets)('%s holds one: %s', async (path, text) => {
    expect(await reported(path, text)).not.toEqual([]);
  });

  it.each(harmless)('%s holds none: %s', async (path, text) => {
    expect(await reported(path, text)).toEqual([]);
  });
});
