import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

type Shape = readonly [path: string, text: string];

const token = '00{url:40}';

/** Ways in which people write a token of Okta's, or the secret of an application. */
const secrets: readonly Shape[] = [
  [
    'call.sh',
    `curl -X GET \\\n  -H "Accept: application/json" \\\n  -H "Authorization: SSWS ${token}" \\\n  "https://acme.okta.com/api/v1/users?limit=2"`,
  ],
  ['call.sh', `curl -H 'Authorization: SSWS ${token}' 'https://acme.oktapreview.com/api/v1/apps'`],
  ['call.sh', `http GET https://acme.okta.com/api/v1/logs "Authorization:SSWS ${token}"`],
  ['call.sh', `wget --header="Authorization: SSWS ${token}" https://acme.okta-emea.com/api/v1/groups`],
  ['call.ps1', `$headers = @{ "Authorization" = "SSWS ${token}" }`],
  ['call.ps1', `$env:OKTA_API_TOKEN = '${token}'`],
  ['call.bat', `set OKTA_API_TOKEN=${token}`],
  ['client.ts', `const headers = { Accept: 'application/json', Authorization: 'SSWS ${token}' };`],
  ['client.ts', `axios.defaults.headers.common['Authorization'] = 'SSWS ${token}';`],
  ['client.ts', `headers.set('Authorization', \`SSWS ${token}\`);`],
  [
    'client.ts',
    `const client = new okta.Client({\n  orgUrl: 'https://acme.okta.com/',\n  token: '${token}'\n});`,
  ],
  ['client.ts', `const apiToken = process.env.OKTA_TOKEN ?? '${token}'; // okta`],
  ['client.py', `headers = {"Authorization": "SSWS ${token}"}`],
  ['client.py', `session.headers.update({'Authorization': 'SSWS ${token}'})`],
  [
    'client.py',
    `config = {\n    'orgUrl': 'https://acme.okta.com',\n    'token': '${token}'\n}\nokta_client = OktaClient(config)`,
  ],
  ['client.py', `OKTA_TOKEN = os.getenv("OKTA_TOKEN", "${token}")`],
  [
    'Client.java',
    `ApiClient client = Clients.builder()\n    .setOrgUrl("https://acme.okta.com")\n    .setClientCredentials(new TokenClientCredentials("${token}"))\n    .build();`,
  ],
  [
    'Client.cs',
    `var client = new OktaClient(new OktaClientConfiguration { OktaDomain = "https://acme.okta.com", Token = "${token}" });`,
  ],
  [
    'main.go',
    `config, err := okta.NewConfiguration(okta.WithOrgUrl("https://acme.okta.com"), okta.WithToken("${token}"))`,
  ],
  ['main.go', `req.Header.Set("Authorization", "SSWS ${token}")`],
  ['client.rb', `request['Authorization'] = "SSWS ${token}"`],
  ['client.php', `'headers' => ['Authorization' => 'SSWS ${token}'],`],
  [
    'main.tf',
    `provider "okta" {\n  org_name  = "acme"\n  base_url  = "okta.com"\n  api_token = "${token}"\n}`,
  ],
  ['okta.tfvars', `okta_api_token = "${token}"`],
  ['variables.tf', `variable "okta_api_token" {\n  type    = string\n  default = "${token}"\n}`],
  ['okta.hcl', `okta {\n  api_token = "${token}"\n}`],
  [
    '.okta/okta.yaml',
    `okta:\n  client:\n    connectionTimeout: 30\n    orgUrl: "https://acme.okta.com"\n    token: "${token}"`,
  ],
  ['okta.yaml', `okta:\n  client:\n    orgUrl: https://acme.okta.com\n    token: >-\n      ${token}`],
  ['okta.yaml', `okta:\n  token: |\n    ${token}`],
  ['deploy.yaml', `env:\n  - name: OKTA_CLIENT_TOKEN\n    value: "${token}"`],
  ['deploy.yaml', `env:\n  - value: ${token}\n    name: OKTA_CLIENT_TOKEN`],
  ['secret.yaml', `kind: Secret\nstringData:\n  okta-api-token: ${token}`],
  ['compose.yaml', `services:\n  api:\n    environment:\n      - OKTA_API_TOKEN=${token}`],
  ['compose.yaml', `services:\n  api:\n    environment:\n      OKTA_API_TOKEN: \${OKTA_API_TOKEN:-${token}}`],
  ['run.sh', `OKTA_API_TOKEN="\${OKTA_API_TOKEN:-${token}}"`],
  ['run.sh', `: "\${OKTA_API_TOKEN:=${token}}"`],
  ['run.sh', `export OKTA_API_TOKEN=${token}`],
  ['application.yml', `okta:\n  oauth2:\n    client-id: 0oa{alnum:17}\n    client-secret: {url:40}`],
  ['application.yml', `token: \${OKTA_TOKEN:${token}}`],
  ['application.properties', `okta.client.token=${token}`],
  ['application.properties', 'okta.oauth2.clientSecret={url:64}'],
  ['appsettings.json', `{"Okta": {"OktaDomain": "https://acme.okta.com", "Token": "${token}"}}`],
  ['appsettings.json', '{"Okta": {"ClientId": "0oa{alnum:17}", "ClientSecret": "{url:64}"}}'],
  [
    'task.json',
    `{"containerDefinitions": [{"environment": [{"name": "OKTA_API_TOKEN", "value": "${token}"}]}]}`,
  ],
  ['state.json', `{"body": "{\\"okta\\": {\\"token\\": \\"${token}\\"}}"}`],
  ['state.json', `{"env": "OKTA_API_TOKEN=${token}\\nLOG=debug"}`],
  ['log.txt', `{"request":{"headers":{"Authorization":"SSWS ${token}"}}}`],
  ['postman.json', `{"header": [{"key": "Authorization", "value": "SSWS ${token}", "type": "text"}]}`],
  [
    'postman_environment.json',
    `{"values": [{"key": "apikey", "value": "${token}", "enabled": true}, {"key": "url", "value": "https://acme.okta.com"}]}`,
  ],
  ['settings.xml', `<appSettings>\n  <add key="okta:ApiToken" value="${token}" />\n</appSettings>`],
  ['settings.xml', `<okta><orgUrl>https://acme.okta.com</orgUrl><apiToken>${token}</apiToken></okta>`],
  [
    '.mcp.json',
    `{"mcpServers": {"okta": {"command": "uvx", "args": ["okta-mcp"], "env": {"OKTA_ORG_URL": "https://acme.okta.com", "OKTA_API_TOKEN": "${token}"}}}}`,
  ],
  ['Dockerfile', `FROM node:20\nENV OKTA_API_TOKEN=${token}`],
  ['Dockerfile', `ARG OKTA_TOKEN=${token}`],
  ['.env', `OKTA_API_TOKEN='${token}'`],
  ['.env', `OKTA_TOKEN=${token} # rotates in May`],
  [
    '.github/workflows/sync.yml',
    `jobs:\n  sync:\n    steps:\n      - run: sync\n        env:\n          OKTA_API_TOKEN: ${token}`,
  ],
  ['notes.md', `Use the okta token \`${token}\` for now.`],
  ['notes.md', `\`\`\`\nAuthorization: SSWS ${token}\n\`\`\``],
  ['config.toml', `[okta]\norg_url = "https://acme.okta.com"\napi_token = "${token}"`],
  ['config.ini', `[okta]\nurl = https://acme.okta.com\ntoken = ${token}`],
  ['tokens.csv', `service,url,token\nokta,https://acme.okta.com,${token}`],
  [
    'nb.ipynb',
    `{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["okta_token = '${token}'\\n"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`,
  ],
];

/** What looks like one. */
const harmless: readonly Shape[] = [
  ['call.sh', 'curl -H "Authorization: SSWS $OKTA_API_TOKEN" https://acme.okta.com/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS ${api_token}" https://${yourOktaDomain}/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS {{apikey}}" {{url}}/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS {apiToken}" https://{yourOktaDomain}/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS your-token-here" https://acme.okta.com/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS <YOUR_API_TOKEN>" https://acme.okta.com/api/v1/users'],
  ['call.sh', 'curl -H "Authorization: SSWS 00QCjAl4MlV-WPXM...0HmjFx-vbGua" https://acme.okta.com'],
  ['client.ts', 'headers: { Authorization: `SSWS ${process.env.OKTA_TOKEN}` }'],
  ['client.py', 'headers = {"Authorization": f"SSWS {token}"}'],
  ['client.py', 'headers = {"Authorization": "SSWS " + api_token}'],
  ['client.py', 'headers = {"Authorization": "SSWS %s" % api_token}'],
  ['main.go', 'req.Header.Set("Authorization", fmt.Sprintf("SSWS %s", token))'],
  ['main.tf', 'provider "okta" {\n  org_name  = var.org_name\n  api_token = var.api_token\n}'],
  ['main.tf', 'api_token = data.vault_generic_secret.okta.data["token"]'],
  ['variables.tf', 'variable "okta_api_token" {\n  type      = string\n  sensitive = true\n}'],
  ['okta.yaml', 'okta:\n  client:\n    orgUrl: "https://{yourOktaDomain}"\n    token: "{yourApiToken}"'],
  ['okta.yaml', 'okta:\n  client:\n    token: ${OKTA_TOKEN}'],
  [
    'deploy.yaml',
    'env:\n  - name: OKTA_API_TOKEN\n    valueFrom:\n      secretKeyRef: { name: okta, key: api-token }',
  ],
  ['values.yaml', 'okta:\n  existingSecret: okta-api-token\n  tokenKey: token'],
  [
    'external.yaml',
    'spec:\n  data:\n    - secretKey: okta-token\n      remoteRef:\n        key: prod/okta/api-token',
  ],
  ['workflow.yml', 'env:\n  OKTA_API_TOKEN: ${{ secrets.OKTA_API_TOKEN }}'],
  ['.env.example', 'OKTA_API_TOKEN=00xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  ['.env.example', 'OKTA_API_TOKEN=\nOKTA_ORG_URL=https://acme.okta.com'],
  ['.env.example', 'OKTA_API_TOKEN=<okta api token>'],
  ['.env', 'OKTA_API_TOKEN=op://team/okta/credential'],
  ['.env', 'OKTA_CLIENT_ID=0oa{alnum:17}'],
  ['.env', 'OKTA_OAUTH2_ISSUER=https://acme.okta.com/oauth2/aus{alnum:17}'],
  ['.env', 'OKTA_API_TOKEN_ID=00T{alnum:17}'],
  ['.env', 'OKTA_SESSION_ID=102{url:22}'],
  ['ids.json', '{"id": "00u{alnum:17}", "status": "ACTIVE", "profile": {"login": "ann@acme.net"}}'],
  [
    'ids.json',
    '{"okta_group": "00g{alnum:17}", "okta_app": "0oa{alnum:17}", "okta_policy": "00p{alnum:17}"}',
  ],
  ['ids.json', '{"okta": {"etag": "W/\\"00{hex:40}\\""}}'],
  ['okta.lock', 'okta-sdk 00{hex:38}'],
  ['okta.js', "import { OktaAuth } from '@okta/okta-auth-js';\nconst tokenManager = oktaAuth.tokenManager;"],
  ['okta.js', 'const accessToken = oktaAuth.getAccessToken();\nconst idToken = tokens.idToken;'],
  [
    'okta.js',
    "scopes: ['okta.users.read', 'okta.apiTokens.manage'], tokenEndpointAuthMethod: 'private_key_jwt'",
  ],
  [
    'okta.test.ts',
    "const client = new okta.Client({ orgUrl: 'https://test.okta.com', token: 'test-token' });",
  ],
  ['okta.test.ts', "const token = 'fake-okta-token-for-tests';"],
  ['okta.md', 'Create a token under Security > API > Tokens and put it into `OKTA_API_TOKEN`.'],
  ['okta.md', 'An Okta token is 42 characters long and begins with 00.'],
  ['migrate.sql', "INSERT INTO okta_users VALUES ('00u{alnum:17}', '{uuid}');"],
  ['sum.txt', '00{hex:62}  okta-cli.tar.gz'],
];

describe('Okta', () => {
  it.each(secrets)('%s holds a secret: %s', async (path, text) => {
    expect(await reported(path, text)).not.toEqual([]);
  });

  it.each(harmless)('%s holds none: %s', async (path, text) => {
    expect(await reported(path, text)).toEqual([]);
  });
});
