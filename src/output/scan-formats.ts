import type { Render } from './report.ts';

/** Every format of a scan's report. A format's code is loaded only when it is asked for. */
const loaders = {
  text: async () => (await import('./scan-text.ts')).renderText,
  json: async () => (await import('./scan-json.ts')).renderJson,
  jsonl: async () => (await import('./scan-jsonl.ts')).renderJsonl,
  sarif: async () => (await import('./scan-sarif.ts')).renderSarif,
  gitlab: async () => (await import('./scan-gitlab.ts')).renderGitlab,
  junit: async () => (await import('./scan-junit.ts')).renderJunit,
  html: async () => (await import('./scan-html.ts')).renderHtml,
  markdown: async () => (await import('./scan-markdown.ts')).renderMarkdown,
  csv: async () => (await import('./scan-csv.ts')).renderCsv,
} satisfies Record<string, () => Promise<Render>>;

export type ScanFormat = keyof typeof loaders;

export const scanFormats = Object.keys(loaders) as readonly ScanFormat[];

/** Loads what renders a format. */
export function loadRender(format: ScanFormat): Promise<Render> {
  return loaders[format]();
}
