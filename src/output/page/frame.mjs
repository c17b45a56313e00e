import { count, make } from './dom.mjs';
import { data, severities } from './findings.mjs';
import { tile, title } from './shell.mjs';

/** How the open places divide among the severities. */
export function bar() {
  const open = data.findings.filter((finding) => finding.state === 'new' && finding.kind === 'literal');
  const parts = severities
    .map((severity) => [severity, open.filter((finding) => finding.severity === severity).length])
    .filter(([, n]) => n > 0)
    .map(([severity, n]) => {
      const part = make('span', { class: severity, title: `${severity}: ${n}` });
      part.style.flexGrow = String(n);
      return part;
    });
  return make('div', { class: 'bar', role: 'img', 'aria-label': 'open places by severity' }, ...parts);
}

export function top(buttons) {
  const { totals, skipped } = data;
  const verdict = data.findings.some((finding) => finding.fails);
  return make(
    'header',
    {},
    title(data, 'secrets report', buttons),
    make(
      'div',
      { class: 'tiles' },
      tile(
        totals.secrets,
        totals.secrets === 1 ? 'secret in files' : 'secrets in files',
        verdict ? 'bad' : 'good',
      ),
      tile(totals.literals, totals.literals === 1 ? 'place to clean' : 'places to clean'),
      tile(totals.uses, totals.uses === 1 ? 'use by name' : 'uses by name'),
      tile(totals.accepted, 'accepted'),
      data.stats.files === 0 && data.stats.blobs > 0
        ? tile(data.stats.blobs, 'versions of files looked at')
        : tile(data.stats.files ?? 0, 'files looked at'),
      tile(skipped.length, 'skipped', skipped.length > 0 ? 'warn' : ''),
      totals.policy > 0 ? tile(totals.policy, 'policy changes', 'warn') : null,
    ),
    bar(),
  );
}

export function skippedPart() {
  if (data.skipped.length === 0) return null;
  const rows = data.skipped
    .slice(0, 500)
    .map(({ path, reason }) =>
      make('li', {}, make('code', { class: 'path' }, path), make('span', {}, reason)),
    );
  const left = data.skipped.length - rows.length;
  return make(
    'details',
    { class: 'skipped' },
    make('summary', {}, `${count(data.skipped.length, 'file')} not looked at: never counted as clean`),
    make('ul', {}, ...rows, left > 0 ? make('li', {}, `and ${left} more`) : null),
  );
}

export function foot() {
  return make(
    'footer',
    {},
    make(
      'p',
      {},
      'No value of a secret is in this page, whole or in part. secret:… is the start of a keyed fingerprint.',
    ),
    make(
      'p',
      {},
      'Next: ',
      make('code', {}, 'agent-id map'),
      ' shows what consumes each secret, ',
      make('code', {}, 'agent-id migrate'),
      ' gives each consumer its own identity.',
    ),
  );
}
