import type { Place } from './types.ts';

/**
 * Where clients of MCP servers keep the configuration of this user. `on` names the platforms; none means all of them.
 */
export const clients: readonly Place[] = [
  {
    what: 'Claude Desktop',
    on: ['darwin'],
    paths: ['~/Library/Application Support/Claude/claude_desktop_config.json'],
  },
  {
    what: 'Claude Desktop',
    on: ['linux'],
    paths: ['~/.config/Claude/claude_desktop_config.json', '~/.config/claude/claude_desktop_config.json'],
  },
  { what: 'Claude Desktop', on: ['win32'], paths: ['%APPDATA%/Claude/claude_desktop_config.json'] },
  {
    what: 'Claude Code',
    paths: [
      '~/.claude.json',
      '~/.claude/plugins/cache/**/.mcp.json',
      '~/.claude/settings.json',
      '~/.claude/settings.local.json',
      '~/.claude/.credentials.json',
    ],
  },
  {
    what: 'Claude Code',
    on: ['darwin'],
    paths: ['/Library/Application Support/ClaudeCode/managed-mcp.json'],
  },
  { what: 'Claude Code', on: ['linux'], paths: ['/etc/claude-code/managed-mcp.json'] },
  { what: 'Claude Code', on: ['win32'], paths: ['C:/Program Files/ClaudeCode/managed-mcp.json'] },
  { what: 'Cursor', paths: ['~/.cursor/mcp.json'] },
  {
    what: 'VS Code / Copilot',
    on: ['darwin'],
    paths: [
      '~/Library/Application Support/Code/User/mcp.json',
      '~/Library/Application Support/Code - Insiders/User/mcp.json',
      '~/Library/Application Support/Code/User/settings.json',
      '~/Library/Application Support/Code/User/profiles/*/mcp.json',
    ],
  },
  {
    what: 'VS Code / Copilot',
    on: ['linux'],
    paths: [
      '~/.config/Code/User/mcp.json',
      '~/.config/Code - Insiders/User/mcp.json',
      '~/.vscode-server/data/User/mcp.json',
      '~/.config/Code/User/settings.json',
      '~/.config/Code/User/profiles/*/mcp.json',
    ],
  },
  {
    what: 'VS Code / Copilot',
    on: ['win32'],
    paths: [
      '%APPDATA%/Code/User/mcp.json',
      '%APPDATA%/Code - Insiders/User/mcp.json',
      '%APPDATA%/Code/User/settings.json',
      '%APPDATA%/Code/User/profiles/*/mcp.json',
    ],
  },
  { what: 'Copilot CLI', paths: ['~/.copilot/mcp-config.json', '%COPILOT_HOME%/mcp-config.json'] },
  { what: 'Visual Studio', on: ['win32'], paths: ['~/.mcp.json'] },
  {
    what: 'Copilot JetBrains/Eclipse/Xcode',
    on: ['linux', 'darwin'],
    paths: ['~/.config/github-copilot/intellij/mcp.json'],
  },
  {
    what: 'Copilot JetBrains/Eclipse/Xcode',
    on: ['darwin'],
    paths: ['~/.config/github-copilot/eclipse/mcp.json', '~/.config/github-copilot/xcode/mcp.json'],
  },
  {
    what: 'Copilot JetBrains/Eclipse/Xcode',
    on: ['win32'],
    paths: ['%LOCALAPPDATA%/github-copilot/intellij/mcp.json'],
  },
  { what: 'Windsurf', paths: ['~/.codeium/windsurf/mcp_config.json', '~/.codeium/mcp_config.json'] },
  { what: 'Zed', paths: ['~/.config/zed/settings.json'] },
  { what: 'Zed', on: ['win32'], paths: ['%APPDATA%/Zed/settings.json'] },
  {
    what: 'Codex CLI/IDE',
    paths: [
      '~/.codex/config.toml',
      '~/.codex/auth.json',
      '%CODEX_HOME%/config.toml',
      '%CODEX_HOME%/auth.json',
    ],
  },
  {
    what: 'Gemini CLI',
    paths: [
      '~/.gemini/settings.json',
      '~/.gemini/.env',
      '~/.gemini/mcp-oauth-tokens.json',
      '~/.gemini/oauth_creds.json',
      '~/.gemini/extensions/*/gemini-extension.json',
    ],
  },
  { what: 'Antigravity', paths: ['~/.gemini/antigravity/mcp_config.json'] },
  {
    what: 'Cline',
    on: ['darwin'],
    paths: [
      '~/Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '~/Library/Application Support/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '~/Library/Application Support/Code - Insiders/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
    ],
  },
  {
    what: 'Cline',
    on: ['linux'],
    paths: [
      '~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '~/.config/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '~/.vscode-server/data/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
    ],
  },
  {
    what: 'Cline',
    on: ['win32'],
    paths: [
      '%APPDATA%/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      '%APPDATA%/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
    ],
  },
  {
    what: 'Cline CLI',
    paths: [
      '~/.cline/data/settings/cline_mcp_settings.json',
      '%CLINE_DIR%/data/settings/cline_mcp_settings.json',
    ],
  },
  {
    what: 'Roo Code',
    on: ['darwin'],
    paths: [
      '~/Library/Application Support/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json',
    ],
  },
  {
    what: 'Roo Code',
    on: ['linux'],
    paths: ['~/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json'],
  },
  {
    what: 'Roo Code',
    on: ['win32'],
    paths: ['%APPDATA%/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json'],
  },
  { what: 'Continue', paths: ['~/.continue/config.yaml', '~/.continue/.env', '~/.continue/config.json'] },
  { what: 'JetBrains Junie', paths: ['~/.junie/mcp/mcp.json'] },
  {
    what: 'JetBrains AI Assistant',
    on: ['darwin'],
    paths: ['~/Library/Application Support/JetBrains/*/options/llm.mcpServers.xml'],
  },
  {
    what: 'JetBrains AI Assistant',
    on: ['linux'],
    paths: ['~/.config/JetBrains/*/options/llm.mcpServers.xml'],
  },
  {
    what: 'JetBrains AI Assistant',
    on: ['win32'],
    paths: ['%APPDATA%/JetBrains/*/options/llm.mcpServers.xml'],
  },
  { what: 'Goose', on: ['linux', 'darwin'], paths: ['~/.config/goose/config.yaml'] },
  {
    what: 'Goose',
    on: ['win32'],
    paths: ['%APPDATA%/Block/goose/config/config.yaml', '~/AppData/Block/goose/config.yaml'],
  },
  { what: 'Goose', paths: ['~/.config/goose/secrets.yaml'] },
  {
    what: 'OpenCode',
    paths: [
      '~/.config/opencode/opencode.json',
      '~/.config/opencode/opencode.jsonc',
      '~/.local/share/opencode/mcp-auth.json',
      '~/.local/share/opencode/auth.json',
    ],
  },
  {
    what: 'Amazon Q / Kiro CLI',
    paths: [
      '~/.aws/amazonq/mcp.json',
      '~/.aws/amazonq/default.json',
      '~/.aws/amazonq/cli-agents/*.json',
      '~/.aws/amazonq/agents/default.json',
      '~/.aws/amazonq/agents/mcp.json',
    ],
  },
  { what: 'Kiro', paths: ['~/.kiro/settings/mcp.json'] },
  {
    what: 'Docker MCP Toolkit',
    paths: [
      '~/.docker/mcp/config.yaml',
      '~/.docker/mcp/registry.yaml',
      '~/.docker/mcp/catalogs/*.yaml',
      '~/.docker/mcp/tools.yaml',
    ],
  },
  { what: 'LM Studio', paths: ['~/.lmstudio/mcp.json', '~/.cache/lm-studio/mcp.json'] },
  { what: 'Amp', on: ['linux', 'darwin'], paths: ['~/.config/amp/settings.json'] },
  { what: 'Amp', on: ['win32'], paths: ['%APPDATA%/amp/settings.json'] },
  { what: 'Trae', on: ['darwin'], paths: ['~/Library/Application Support/Trae/User/mcp.json'] },
  { what: 'Trae', on: ['linux'], paths: ['~/.config/Trae/User/mcp.json'] },
  { what: 'Trae', on: ['win32'], paths: ['%APPDATA%/Trae/User/mcp.json'] },
  { what: 'Factory (droid)', paths: ['~/.factory/mcp.json'] },
  { what: 'Kimi CLI', paths: ['~/.kimi/mcp.json'] },
  { what: 'Mistral Vibe', paths: ['~/.vibe/config.toml'] },
  { what: 'Qoder', on: ['linux', 'darwin'], paths: ['~/.qoder/mcp.json'] },
  { what: 'Qoder', on: ['win32'], paths: ['%APPDATA%/Qoder/SharedClientCache/mcp.json'] },
  { what: 'Crush', on: ['linux', 'darwin'], paths: ['~/.config/crush/crush.json'] },
  { what: 'Crush', on: ['win32'], paths: ['%LOCALAPPDATA%/crush/crush.json'] },
  { what: 'Warp', paths: ['~/.warp/.mcp.json'] },
  { what: 'mcporter', paths: ['~/.mcporter/mcporter.json'] },
  { what: 'Sema4.ai Studio', on: ['linux', 'darwin'], paths: ['~/.sema4ai/sema4ai-studio/mcp_servers.json'] },
  {
    what: 'Sema4.ai Studio',
    on: ['win32'],
    paths: ['%LOCALAPPDATA%/sema4ai/sema4ai-studio/mcp_servers.json'],
  },
  {
    what: 'Xcode coding agents',
    on: ['darwin'],
    paths: [
      '~/Library/Developer/Xcode/CodingAssistant/codex/config.toml',
      '~/Library/Developer/Xcode/CodingAssistant/ClaudeAgentConfig/.claude.json',
    ],
  },
  { what: 'MCP Inspector', paths: ['~/.mcp-inspector/mcp.json'] },
  { what: 'mcp-remote (token store)', paths: ['~/.mcp-auth/**/*_tokens.json'] },
];
