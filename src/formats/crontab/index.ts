import type { Format } from '../types.ts';

/** Crontabs of users and of the system. */
export const crontab: Format = {
  id: 'crontab',
  matches: (path) =>
    /(^|\/)crontab[\w.-]*$|\.(cron|crontab)$|(^|\/)cron\.d\/[^/]+$/.test(path) &&
    !/\.(ya?ml|json|sh|py|[cm]?[jt]s|go|md)$/.test(path),
  async parse(text, path) {
    const { parseCrontab } = await import('./document.ts');
    return parseCrontab(text, path);
  },
};
