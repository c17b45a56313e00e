import { describe, expect, it } from 'vitest';
import { reported } from './kit.ts';

/** Where clients keep their servers: `S` is one server in JSON. */
const jsonClients: readonly (readonly [path: string, frame: string])[] = [
  ['.mcp.json', '{"mcpServers": {"acme": S}}'],
  ['home/.claude.json', '{"numStartups": 3, "projects": {"/srv/app": {"mcpServers": {"acme": S}}}}'],
  ['Claude/claude_desktop_config.json', '{\n  "mcpServers": {\n    "acme": S\n  }\n}\n'],
  ['.cursor/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.vscode/mcp.json', '{\n  // servers\n  "servers": {"acme": S},\n}'],
  ['.devcontainer/devcontainer.json', '{"customizations": {"vscode": {"mcp": {"servers": {"acme": S}}}}}'],
  ['.copilot/mcp-config.json', '{"mcpServers": {"acme": S}}'],
  ['.codeium/windsurf/mcp_config.json', '{"mcpServers": {"acme": S}}'],
  ['.config/zed/settings.json', '{"theme": "One", "context_servers": {"acme": S}}'],
  ['.gemini/settings.json', '{"mcpServers": {"acme": S}}'],
  ['saoudrizwan.claude-dev/settings/cline_mcp_settings.json', '{"mcpServers": {"acme": S}}'],
  ['.roo/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.junie/mcp/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.kiro/settings/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.aws/amazonq/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.lmstudio/mcp.json', '{"mcpServers": {"acme": S}}'],
  ['.amp/settings.json', '{"amp.mcpServers": {"acme": S}}'],
];

/** Servers with a secret, drawn or made up by a person. */
const secrets: readonly string[] = [
  '{"command": "npx", "args": ["-y", "acme-mcp"], "env": {"ACME_API_KEY": "{alnum:32}"}}',
  '{"command": "npx", "args": ["-y", "acme-mcp"], "env": {"ACME_TOKEN": "acme_{lower:6}{digit:6}"}}',
  '{"command": "npx", "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_{alnum:36}"}}',
  '{"command": "npx", "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_{alnum:34}"}}',
  '{"command": "npx", "env": {"SLACK_BOT_TOKEN": "xoxb-{digit:12}-{digit:12}-{alnum:24}", "SLACK_TEAM_ID": "T{upper:8}"}}',
  '{"command": "npx", "env": {"BRAVE_API_KEY": "BSA{alnum:28}"}}',
  '{"command": "npx", "env": {"OPENAI_API_KEY": "sk-{alnum:40}"}}',
  '{"command": "npx", "env": {"NOTION_TOKEN": "secret_{alnum:43}"}}',
  '{"command": "uvx", "args": ["mcp-atlassian"], "env": {"JIRA_USERNAME": "ci@acme.net", "JIRA_API_TOKEN": "ATATT3xFfGF0{url:60}"}}',
  '{"command": "uvx", "env": {"DB_USER": "app", "DB_PASSWORD": "{lower:6}{digit:4}"}}',
  '{"command": "uvx", "env": {"MYSQL_PASS": "{letter:6}{digit:2}!"}}',
  '{"command": "uvx", "env": {"AWS_ACCESS_KEY_ID": "AKIA{base32:16}", "AWS_SECRET_ACCESS_KEY": "{base64:40}"}}',
  '{"command": "npx", "args": ["-y", "acme-mcp", "--access-token", "{alnum:40}"]}',
  '{"command": "npx", "args": ["-y", "acme-mcp", "--token={hex:40}"]}',
  '{"command": "npx", "args": ["-y", "@acme/mcp@latest", "--apiKey", "{hex:32}"]}',
  '{"command": "npx", "args": ["acme-mcp", "--key", "{alnum:32}"]}',
  '{"command": "npx", "args": ["server-postgres", "postgresql://app:{alnum:14}@db.acme.net/app"]}',
  '{"command": "docker", "args": ["run", "-i", "--rm", "-e", "ACME_TOKEN={alnum:32}", "acme/mcp"]}',
  '{"command": "npx", "args": ["mcp-remote", "https://mcp.acme.net/sse", "--header", "Authorization: Bearer {alnum:36}"]}',
  '{"command": "npx", "args": ["mcp-remote", "https://mcp.acme.net/sse", "--header", "X-API-Key:{hex:32}"]}',
  '{"type": "http", "url": "https://mcp.acme.net/mcp", "headers": {"Authorization": "Bearer {url:43}"}}',
  '{"type": "http", "url": "https://mcp.acme.net/mcp", "headers": {"X-Api-Key": "{alnum:24}"}}',
  '{"url": "https://mcp.acme.net/mcp", "headers": {"Authorization": "Basic {base64:32}"}}',
  '{"url": "https://mcp.acme.net/mcp", "headers": {"acme-token": "{hex:32}"}}',
  '{"url": "https://mcp.acme.net/sse?token={alnum:32}"}',
  '{"url": "https://mcp.acme.net/sse?apiKey={uuid}&profile=main"}',
  '{"url": "https://ci:{alnum:16}@mcp.acme.net/sse"}',
  '{"command": "acme", "env": {"ACME_TOKEN": "${ACME_TOKEN:-{alnum:32}}"}}',
  '{"command": "acme", "env": {"OPENAPI_MCP_HEADERS": "{\\"Authorization\\": \\"Bearer {alnum:40}\\", \\"Notion-Version\\": \\"2022-06-28\\"}"}}',
  '{"command": "bash", "args": ["-c", "ACME_API_KEY={alnum:32} npx -y acme-mcp"]}',
  '{"command": "npx", "env": {"OKTA_API_TOKEN": "00{url:40}", "OKTA_ORG_URL": "https://acme.okta.com"}}',
];

const harmless: readonly string[] = [
  '{"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/ci/projects"]}',
  '{"command": "npx", "env": {"ACME_API_KEY": "${ACME_API_KEY}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "${env:ACME_API_KEY}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "$ACME_API_KEY"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "${input:acme-key}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "{env:ACME_API_KEY}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "{file:~/.acme/key}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "${{ secrets.ACME_API_KEY }}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "${ACME_API_KEY:-}"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "YOUR_API_KEY"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "your-api-key-here"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "<YOUR_KEY>"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "[your key]"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "xxxxxxxxxxxxxxxxxxxx"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "sk-..."}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "replace-me"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "insert_key_here"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "ADD_YOUR_KEY"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "paste-your-token"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "ENTER_API_KEY_HERE"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "TODO"}}',
  '{"command": "npx", "env": {"ACME_API_KEY": ""}}',
  '{"command": "npx", "env": {"ACME_API_KEY": "none"}}',
  '{"command": "npx", "env": {"GITHUB_TOKEN": "ghp_your_token_here"}}',
  '{"command": "npx", "env": {"GITHUB_TOKEN": "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}',
  '{"command": "npx", "env": {"OPENAI_API_KEY": "sk-your-openai-key"}}',
  '{"command": "npx", "env": {"DB_PASSWORD": "your_password"}}',
  '{"command": "npx", "env": {"DB_PASSWORD": "${DB_PASSWORD}"}}',
  '{"command": "npx", "env": {"ACME_TOKEN": "op://team/acme/token"}}',
  '{"command": "npx", "env": {"ACME_TOKEN": "vault:secret/data/acme#token"}}',
  '{"command": "npx", "env": {"ACME_TOKEN_FILE": "/run/secrets/acme"}}',
  '{"command": "npx", "env": {"ACME_KEY_PATH": "/home/ci/.acme/key.pem"}}',
  '{"command": "npx", "env": {"ACME_CLIENT_ID": "{alnum:20}", "ACME_TENANT_ID": "{uuid}"}}',
  '{"command": "npx", "env": {"ACME_PROJECT_ID": "{hex:24}", "ACME_REGION": "eu-west-1"}}',
  '{"command": "npx", "env": {"TOKEN_LIMIT": "128000", "MAX_TOKENS": "4096"}}',
  '{"command": "npx", "env": {"AUTH_METHOD": "client_credentials", "AUTH_TYPE": "oauth2"}}',
  '{"command": "npx", "env": {"NODE_OPTIONS": "--max-old-space-size=4096", "LOG_LEVEL": "debug"}}',
  '{"command": "npx", "args": ["acme-mcp", "--token-file", "/run/secrets/acme-token"]}',
  '{"command": "npx", "args": ["acme-mcp", "--api-key", "${ACME_API_KEY}"]}',
  '{"command": "npx", "args": ["acme-mcp", "--api-key", "YOUR_API_KEY"]}',
  '{"command": "npx", "args": ["mcp-remote", "https://mcp.acme.net/sse", "--header", "Authorization: Bearer ${TOKEN}"]}',
  '{"command": "npx", "args": ["mcp-remote", "https://mcp.acme.net/sse", "--header", "Authorization:${AUTH_HEADER}"]}',
  '{"command": "npx", "args": ["server-postgres", "postgresql://localhost/mydb"]}',
  '{"command": "npx", "args": ["server-postgres", "postgresql://user:password@localhost:5432/app"]}',
  '{"command": "docker", "args": ["run", "-i", "--rm", "-e", "ACME_TOKEN", "acme/mcp@sha256:{hex:64}"]}',
  '{"command": "docker", "args": ["run", "-i", "--rm", "--env-file", "/home/ci/acme.env", "acme/mcp:1.4.2"]}',
  '{"command": "node", "args": ["/srv/tools/{hex:40}/dist/index.js"]}',
  '{"command": "uvx", "args": ["--from", "git+https://github.com/acme/mcp@{hex:40}", "acme-mcp"]}',
  '{"url": "https://mcp.acme.net/sse", "headers": {"Authorization": "Bearer ${ACME_TOKEN}"}}',
  '{"url": "https://mcp.acme.net/sse", "headers": {"Authorization": "Bearer YOUR_TOKEN"}}',
  '{"url": "https://mcp.acme.net/sse", "headers": {"Authorization": "Bearer <token>"}}',
  '{"url": "https://mcp.acme.net/sse?token=${ACME_TOKEN}"}',
  '{"url": "https://mcp.acme.net/v1/{uuid}/sse"}',
  '{"url": "https://mcp.acme.net/mcp", "headers": {"X-Request-Id": "{uuid}", "Accept": "text/event-stream"}}',
  '{"url": "https://mcp.acme.net/mcp", "alwaysAllow": ["get_token", "list_secrets", "rotate_api_key"]}',
];

/** Files of clients that write YAML or TOML, and inputs of VS Code. */
const others: readonly (readonly [path: string, text: string, found: boolean])[] = [
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\ncommand = "npx"\nargs = ["-y", "acme-mcp", "--api-key", "{alnum:32}"]',
    true,
  ],
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\ncommand = "npx"\nenv = { "ACME_API_KEY" = "{alnum:32}" }',
    true,
  ],
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\nurl = "https://mcp.acme.net"\nhttp_headers = { "Authorization" = "Bearer {alnum:40}" }',
    true,
  ],
  [
    '.codex/config.toml',
    '[mcp_servers.acme]\nurl = "https://mcp.acme.net"\nbearer_token_env_var = "ACME_TOKEN"\nenv_http_headers = { "X-Key" = "ACME_KEY" }',
    false,
  ],
  [
    '.continue/config.yaml',
    'mcpServers:\n  - name: acme\n    command: npx\n    args: [-y, acme-mcp]\n    env:\n      ACME_API_KEY: {alnum:32}',
    true,
  ],
  [
    '.continue/config.yaml',
    'mcpServers:\n  - name: acme\n    env:\n      ACME_API_KEY: ${{ secrets.ACME_API_KEY }}',
    false,
  ],
  [
    '.continue/config.yaml',
    'models:\n  - name: big\n    provider: openai\n    model: gpt-4o\n    apiKey: sk-{alnum:44}',
    true,
  ],
  [
    '.config/goose/config.yaml',
    'extensions:\n  acme:\n    cmd: npx\n    args:\n      - acme-mcp\n      - --token\n      - {alnum:32}\n    type: stdio',
    true,
  ],
  [
    '.config/goose/config.yaml',
    'extensions:\n  acme:\n    cmd: npx\n    envs:\n      ACME_TOKEN: {alnum:32}\n    env_keys: []',
    true,
  ],
  [
    '.config/goose/config.yaml',
    'extensions:\n  acme:\n    cmd: npx\n    env_keys:\n      - ACME_TOKEN\n      - ACME_API_KEY',
    false,
  ],
  [
    'librechat.yaml',
    'mcpServers:\n  acme:\n    type: streamable-http\n    url: https://mcp.acme.net\n    headers:\n      Authorization: "Bearer {alnum:40}"',
    true,
  ],
  [
    'librechat.yaml',
    'mcpServers:\n  acme:\n    url: https://mcp.acme.net\n    headers:\n      Authorization: "Bearer {{ACME_TOKEN}}"\n      X-User: "{{LIBRECHAT_USER_ID}}"',
    false,
  ],
  [
    '.vscode/mcp.json',
    '{"inputs": [{"type": "promptString", "id": "acme-key", "description": "Key", "password": true, "default": "{alnum:32}"}], "servers": {}}',
    true,
  ],
  [
    '.vscode/mcp.json',
    '{"inputs": [{"type": "promptString", "password": true, "default": "{alnum:32}", "id": "acme"}], "servers": {}}',
    true,
  ],
  [
    '.vscode/mcp.json',
    '{"inputs": [{"type": "promptString", "id": "acme-host", "default": "https://acme.example"}, {"type": "promptString", "id": "acme-key", "password": true, "default": ""}]}',
    false,
  ],
  [
    'opencode.json',
    '{"mcp": {"acme": {"type": "local", "command": ["npx", "acme-mcp", "--api-key", "{alnum:32}"], "environment": {"X": "1"}}}}',
    true,
  ],
  [
    'opencode.json',
    '{"mcp": {"acme": {"type": "local", "command": ["npx", "acme-mcp"], "environment": {"ACME_TOKEN": "{alnum:32}"}}}}',
    true,
  ],
  [
    'opencode.json',
    '{"mcp": {"acme": {"type": "remote", "url": "https://mcp.acme.net", "headers": {"Authorization": "Bearer {env:ACME_TOKEN}"}}}}',
    false,
  ],
  [
    '.vscode/mcp.json',
    '{"inputs": [{"id": "acme-key", "type": "promptString", "description": "API key of Acme", "password": true}], "servers": {"acme": {"command": "npx", "env": {"ACME_API_KEY": "${input:acme-key}"}}}}',
    false,
  ],
  [
    '.vibe/config.toml',
    '[[mcp_servers]]\nname = "acme"\ntransport = "http"\nheaders = { "Authorization" = "Bearer {alnum:40}" }',
    true,
  ],
  [
    '.hermes/config.yaml',
    'mcp_servers:\n  acme:\n    command: npx\n    env:\n      ACME_TOKEN: "{alnum:32}"',
    true,
  ],
  [
    'JetBrains/options/llm.mcpServers.xml',
    '<application><component name="McpServers"><option name="env"><map><entry key="ACME_API_KEY" value="{alnum:32}"/></map></option></component></application>',
    true,
  ],
  ['install.sh', 'claude mcp add acme -e ACME_API_KEY={alnum:32} -- npx -y acme-mcp', true],
  [
    'install.sh',
    'claude mcp add --transport http acme https://mcp.acme.net --header "Authorization: Bearer {alnum:40}"',
    true,
  ],
  ['install.sh', 'codex mcp add acme --env ACME_API_KEY="$ACME_API_KEY" -- npx -y acme-mcp', false],
];

describe.each(jsonClients)('%s', (path, frame) => {
  it.each(secrets)('holds a secret: %s', async (server) => {
    expect(
      await reported(
        path,
        frame.replace(/\bS\b/, () => server),
      ),
    ).not.toEqual([]);
  });

  it.each(harmless)('holds none: %s', async (server) => {
    expect(
      await reported(
        path,
        frame.replace(/\bS\b/, () => server),
      ),
    ).toEqual([]);
  });
});

describe('clients of other formats', () => {
  it.each(others)('%s: %s: %s', async (path, text, found) => {
    const seen = await reported(path, text);
    expect(seen.length > 0).toBe(found);
  });
});
