import { make } from './dom.mjs';

/** The keys that every page has, and what they do. */
const common = [
  ['/', 'filter'],
  ['j  k', 'next, previous'],
  ['Enter', 'open or close'],
  ['e', 'open or close all'],
  ['t', 'light or dark'],
  ['Esc', 'show everything'],
  ['?', 'this list'],
];

/** Makes the list of keys that `?` shows, with those that only this page has. */
export function helpDialog(own = []) {
  const rows = [...common.slice(0, 3), ...own, ...common.slice(3)].map(([key, what]) =>
    make('div', {}, make('dt', {}, make('kbd', {}, key)), make('dd', {}, what)),
  );
  const help = make(
    'dialog',
    { 'aria-label': 'Keyboard' },
    make('h2', {}, 'Keyboard'),
    make('dl', {}, ...rows),
    make('button', { class: 'more', onclick: () => help.close() }, 'Close'),
  );
  return help;
}

export function roundButtons(help) {
  return [
    make('button', { class: 'round', title: 'Light or dark (t)', onclick: otherTheme }, '◐'),
    make('button', { class: 'round', title: 'Keyboard (?)', onclick: () => help.showModal() }, '?'),
  ];
}

/** Lets keys act, except where the person types. `own` is what only this page does. */
export function listenToKeys({ search, help, reset, own = {} }) {
  const actions = {
    '/': () => search.focus(),
    j: () => move(1),
    k: () => move(-1),
    e: toggleAll,
    t: otherTheme,
    '?': () => help.showModal(),
    Escape: reset,
    ...own,
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
    if (document.activeElement instanceof HTMLSelectElement) return;
    const act = actions[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

export function searchField(placeholder, oninput) {
  return make('input', {
    type: 'search',
    id: 'search',
    placeholder,
    'aria-label': 'Filter',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput,
  });
}

/** A row of buttons of which one is pressed. */
export function segments(label, group, choices, choose) {
  return make(
    'div',
    { class: 'segments', role: 'group', 'aria-label': label },
    ...choices.map(([value, text], at) =>
      make(
        'button',
        {
          'data-group': group,
          'data-value': value,
          'aria-pressed': String(at === 0),
          onclick: () => choose(value),
        },
        text,
      ),
    ),
  );
}

export function mark(group, value) {
  for (const button of document.querySelectorAll(`[data-group="${group}"]`))
    button.setAttribute('aria-pressed', String(button.dataset.value === value));
}

/** What stands above everything: whose page it is, of what, made when. */
export function title({ name, version, ended }, kind, buttons) {
  return make(
    'div',
    { class: 'title' },
    make(
      'div',
      {},
      make('p', { class: 'brand' }, 'agent-id', make('span', {}, ` ${kind}`)),
      make('h1', {}, name),
      make('p', { class: 'sub' }, `${ended.replace('T', ' ').replace('Z', ' UTC')} · agent-id ${version}`),
    ),
    make('div', { class: 'buttons' }, ...buttons),
  );
}

export function tile(value, label, kind = '') {
  return make(
    'div',
    { class: `tile ${kind}` },
    make('b', {}, value.toLocaleString('en')),
    make('span', {}, label),
  );
}

function otherTheme() {
  const root = document.documentElement;
  const now = root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
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
