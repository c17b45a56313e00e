// The page of `scan --format html`: reads its data from the document, builds all of it as text nodes, loads nothing.
import { card } from './cards.mjs';
import { count, make } from './dom.mjs';
import { data, FIRST_GROUPS, severities, shownGroups, view } from './findings.mjs';
import { foot, skippedPart, top } from './frame.mjs';
import { helpDialog, listenToKeys, mark, roundButtons, searchField, segments } from './shell.mjs';

const groupings = [
  ['secret', 'Secret'],
  ['provider', 'Provider'],
  ['owner', 'Owner'],
];
const states = [
  ['open', 'Open'],
  ['accepted', 'Accepted'],
  ['all', 'All'],
];

const list = make('main', { id: 'list', tabindex: '-1' });
const status = make('p', { class: 'status', role: 'status' });
const search = searchField('Filter by path, name, rule, owner …   ( / )', () => {
  view.text = search.value.trim().toLowerCase();
  render();
});
const help = helpDialog([['g', 'group by the next']]);

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

function toolbar() {
  return make(
    'div',
    { class: 'toolbar' },
    search,
    segments('Group by', 'by', groupings, (value) => choose('by', value)),
    segments('State', 'state', states, (value) => choose('state', value)),
    make('div', { class: 'chips', role: 'group', 'aria-label': 'Severity' }, ...severities.map(chip)),
    status,
  );
}

listenToKeys({
  search,
  help,
  reset,
  own: { g: () => choose('by', { secret: 'provider', provider: 'owner', owner: 'secret' }[view.by]) },
});

document.body.append(top(roundButtons(help)), toolbar(), list, skippedPart() ?? '', foot(), help);
render();
