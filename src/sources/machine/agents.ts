import type { Place } from './types.ts';

/** Conversations are many and grow without end: the newest tell what is in use. */
const MOST = 2000;

/** What agents remember and said: prompts, transcripts of sessions, notes they keep. */
export const agents: readonly Place[] = [
  {
    what: 'Claude Code transcripts',
    paths: ['~/.claude/projects/*/*.jsonl', '~/.claude/projects/*/*/**/*.jsonl'],
    most: MOST,
  },
  { what: 'Claude Code history', paths: ['~/.claude/history.jsonl'] },
  {
    what: 'Claude Code memories',
    paths: [
      '~/.claude/CLAUDE.md',
      '~/.claude/projects/*/memory/**/*.md',
      '~/.claude/agents/**/*.md',
      '~/.claude/commands/**/*.md',
      '~/.claude/skills/**/*.md',
      '~/.claude/hooks/**/*',
    ],
    most: MOST,
  },
  {
    what: 'Codex transcripts',
    paths: [
      '~/.codex/sessions/**/*.jsonl',
      '~/.codex/archived_sessions/**/*.jsonl',
      '~/.codex/history.jsonl',
    ],
    most: MOST,
  },
  {
    what: 'Codex memories',
    paths: ['~/.codex/AGENTS.md', '~/.codex/memories/**/*.md', '~/.codex/prompts/**/*.md'],
    most: MOST,
  },
  {
    what: 'Copilot transcripts',
    paths: ['~/.copilot/session-state/*/events.jsonl', '~/.copilot/history-session-state/*.json'],
    most: MOST,
  },
  {
    what: 'Gemini CLI transcripts',
    paths: ['~/.gemini/tmp/*/chats/*.json', '~/.gemini/tmp/*/logs.json', '~/.gemini/GEMINI.md'],
    most: MOST,
  },
  {
    what: 'OpenCode transcripts',
    paths: ['~/.local/share/opencode/storage/**/*.json'],
    most: MOST,
  },
  ...['~/.config/Code/User', '~/.config/Code - Insiders/User', '~/.vscode-server/data/User'].map((user) =>
    chats(user, 'linux'),
  ),
  chats('~/Library/Application Support/Code/User', 'darwin'),
  chats('%APPDATA%/Code/User', 'win32'),
];

function chats(user: string, on: NodeJS.Platform): Place {
  return {
    what: 'VS Code chats',
    on: [on],
    paths: ['json', 'jsonl'].map((kind) => `${user}/workspaceStorage/*/chatSessions/*.${kind}`),
    most: MOST,
  };
}
