// The page of `scan --format html`: reads its data from the document, builds all of it as text nodes, loads nothing.
import { card } from './cards.mjs';
import { count, make } from './dom.mjs';
import { data, FIRST_GROUPS, severities, shownGroups, view } from './findings.mjs';
import { foot, skippedPart, top } from './frame.mjs';

const list = make('main', { id: 'list', tabindex: '-1' });
const status = make('p', { class: 'status', role: 'status' });
const search = make('input', {
  type: 'search',
  id: 'search',
  placeholder: 'Filter by path, name, rule, owner …   ( / )',
  'aria-label': 'Filter',
  autocomplete: 'off',
  spellcheck: 'false',
  oninput: () => {
    view.text = search.value.trim().toLowerCase();
    render();
  },
});

function render() {
  const groups = shownGroups();
  const places = groups.reduce((sum, group) => sum + group.findings.length, 0);
  const drawn = groups.slice(0, view.groups);
  list.replaceChildren(...drawn.map((group, at) => card(group, at < 3 && groups.length < 20)));
  if (groups.length > drawn.length) {
    list.append(
      make(
        'button',
        {
          class: 'more',
          onclick: () => {
            view.groups += FIRST_GROUPS;
            render();
          },
        },
        `Show more (${count(groups.length - drawn.length, 'group')} left)`,
      ),
    );
  }
  if (groups.length === 0) list.append(empty());
  status.textContent = `${count(groups.length, 'group')} · ${count(places, 'place')}`;
}

function empty() {
  const clean = data.findings.length === 0;
  return make(
    'div',
    { class: 'empty' },
    make('strong', {}, clean ? 'No long-lived secret was found.' : 'Nothing matches this filter.'),
    clean
      ? make('span', {}, `${lookedAt()} looked at.`)
      : make('button', { class: 'more', onclick: reset }, 'Show everything (Esc)'),
  );
}

function lookedAt() {
  const { files, blobs = 0 } = data.stats;
  return files === 0 && blobs > 0 ? `${count(blobs, 'version')} of files` : count(files, 'file');
}

function reset() {
  search.value = '';
  Object.assign(view, { text: '', state: 'all', severities: new Set(severities), groups: FIRST_GROUPS });
  for (const chip of document.querySelectorAll('.chip')) chip.setAttribute('aria-pressed', 'true');
  mark('state', 'all');
  render();
}

function mark(group, value) {
  for (const button of document.querySelectorAll(`[data-group="${group}"]`))
    button.setAttribute('aria-pressed', String(button.dataset.value === value));
}

function choice(group, value, label, chosen) {
  return make(
    'button',
    {
      'data-group': group,
      'data-value': value,
      'aria-pressed': String(chosen),
      onclick: () => choose(group, value),
    },
    label,
  );
}

function choose(group, value) {
  view[group] = value;
  view.groups = FIRST_GROUPS;
  mark(group, value);
  render();
}

function chip(severity) {
  const n = data.findings.filter((finding) => finding.severity === severity).length;
  const button = make(
    'button',
    {
      class: `chip ${severity}`,
      'aria-pressed': 'true',
      disabled: n === 0,
      onclick: () => {
        if (view.severities.has(severity)) view.severities.delete(severity);
        else view.severities.add(severity);
        button.setAttribute('aria-pressed', String(view.severities.has(severity)));
        render();
      },
    },
    make('i', {}),
    `${severity} ${n.toLocaleString('en')}`,
  );
  return button;
}

function otherTheme() {
  const root = document.documentElement;
  const now = root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
}

const shortcuts = [
  ['/', 'filter'],
  ['j  k', 'next, previous'],
  ['Enter', 'open or close'],
  ['g', 'group by the next'],
  ['e', 'open or close all'],
  ['t', 'light or dark'],
  ['Esc', 'show everything'],
  ['?', 'this list'],
];

const help = make(
  'dialog',
  { 'aria-label': 'Keyboard' },
  make('h2', {}, 'Keyboard'),
  make(
    'dl',
    {},
    ...shortcuts.map(([key, what]) =>
      make('div', {}, make('dt', {}, make('kbd', {}, key)), make('dd', {}, what)),
    ),
  ),
  make('button', { class: 'more', onclick: () => help.close() }, 'Close'),
);

function toolbar() {
  return make(
    'div',
    { class: 'toolbar' },
    search,
    make(
      'div',
      { class: 'segments', role: 'group', 'aria-label': 'Group by' },
      choice('by', 'secret', 'Secret', true),
      choice('by', 'provider', 'Provider', false),
      choice('by', 'owner', 'Owner', false),
    ),
    make(
      'div',
      { class: 'segments', role: 'group', 'aria-label': 'State' },
      choice('state', 'open', 'Open', true),
      choice('state', 'accepted', 'Accepted', false),
      choice('state', 'all', 'All', false),
    ),
    make('div', { class: 'chips', role: 'group', 'aria-label': 'Severity' }, ...severities.map(chip)),
    status,
  );
}

function move(step) {
  const cards = [...document.querySelectorAll('.card > summary')];
  const at = cards.indexOf(document.activeElement);
  const next = at === -1 ? cards[0] : cards[Math.max(0, Math.min(cards.length - 1, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function toggleAll() {
  const cards = [...document.querySelectorAll('.card')];
  const open = cards.some((one) => !one.open);
  for (const one of cards) one.open = open;
}

const actions = {
  '/': () => search.focus(),
  j: () => move(1),
  k: () => move(-1),
  g: () => choose('by', { secret: 'provider', provider: 'owner', owner: 'secret' }[view.by]),
  e: toggleAll,
  t: otherTheme,
  '?': () => help.showModal(),
  Escape: reset,
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (document.activeElement === search) {
    if (event.key === 'Escape') {
      reset();
      search.blur();
    }
    return;
  }
  const act = actions[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

const buttons = [
  make('button', { class: 'round', title: 'Light or dark (t)', onclick: otherTheme }, '◐'),
  make('button', { class: 'round', title: 'Keyboard (?)', onclick: () => help.showModal() }, '?'),
];

document.body.append(top(buttons), toolbar(), list, skippedPart() ?? '', foot(), help);
render();
