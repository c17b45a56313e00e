import { badge, count, make } from './dom.mjs';
import { data, severities, view } from './findings.mjs';

const FIRST_PLACES = 25;

function place(finding) {
  return make('li', { class: 'place' }, where(finding), why(finding));
}

function where(finding) {
  const { path, line, column, name, kind, state, title, secret } = finding;
  const alone = view.by === 'secret';
  return make(
    'div',
    { class: 'where' },
    make('code', { class: 'path' }, `${path}:${line}:${column}`),
    name === null ? null : make('code', { class: 'name' }, name),
    kind === 'literal' ? null : badge(kind === 'use' ? 'by name' : 'policy', 'quiet'),
    state === 'new' ? null : badge(state === 'baseline' ? 'accepted' : 'ignored', 'quiet'),
    alone ? null : make('span', { class: 'what' }, title),
    alone ? null : make('code', { class: 'id' }, secret),
  );
}

function why({ name, confidence, reasons, slot, commit, author, date, owner, reason, expires }) {
  const history = [commit.slice(0, 9), author, date.slice(0, 10)].filter(Boolean).join(', ');
  const accepted = reason === '' ? '' : `“${reason}”${expires === '' ? '' : `, until ${expires}`}`;
  const texts = [reasons, slot === name ? '' : slot, history, view.by === 'owner' ? '' : owner, accepted];
  return make(
    'div',
    { class: 'why' },
    make('span', { class: `confidence ${confidence}` }, `${confidence} confidence`),
    ...texts.filter(Boolean).map((text) => make('span', {}, text)),
  );
}

function places(findings) {
  const list = make('ol', { class: 'places' }, ...findings.slice(0, FIRST_PLACES).map(place));
  const rest = findings.slice(FIRST_PLACES);
  if (rest.length > 0) {
    const more = make(
      'button',
      {
        class: 'more',
        onclick: () => {
          more.parentElement.remove();
          list.append(...rest.map(place));
        },
      },
      `Show ${count(rest.length, 'more place')}`,
    );
    list.append(make('li', {}, more));
  }
  return list;
}

function advice(rule) {
  if (rule === undefined) return null;
  return make(
    'dl',
    { class: 'advice' },
    make('div', {}, make('dt', {}, 'Whoever has it gets'), make('dd', {}, rule.grants)),
    make('div', {}, make('dt', {}, 'Revoke it'), make('dd', {}, rule.revoke)),
  );
}

/** A card; its places are built when it is opened, so that a hundred thousand cost nothing. */
export function card({ label, findings, rank }, open) {
  const [first] = findings;
  const severity = severities[rank];
  const secrets = new Set(findings.map((finding) => finding.group)).size;
  const body = make('div', { class: 'body' });
  const fill = () => {
    if (body.childElementCount > 0) return;
    if (view.by === 'secret' && first.kind !== 'use') body.append(advice(data.rules[first.rule]) ?? '');
    body.append(places(findings));
  };
  const details = make(
    'details',
    { class: `card ${severity}`, open, ontoggle: () => details.open && fill() },
    make(
      'summary',
      {},
      badge(severity, severity),
      make('span', { class: 'label' }, label),
      view.by === 'secret' && first.kind === 'literal' ? make('code', { class: 'id' }, first.secret) : null,
      view.by === 'secret'
        ? make('span', { class: 'provider' }, first.provider)
        : make('span', { class: 'provider' }, count(secrets, 'secret')),
      make('span', { class: 'n' }, count(findings.length, 'place')),
    ),
    body,
  );
  if (open) fill();
  return details;
}
