// The page of `map --format html`: secrets, what consumes each, with which scopes, and what is not known.
import { count, make } from './dom.mjs';
import { secretCard, unresolvedCard } from './map-cards.mjs';
import { choices, data, isMigrated, owners, shownSecrets, shownUnresolved, view } from './map-data.mjs';
import {
  helpDialog,
  listenToKeys,
  mark,
  roundButtons,
  searchField,
  segments,
  tile,
  title,
} from './shell.mjs';

const FIRST_SECRETS = 100;
let drawn = FIRST_SECRETS;

const list = make('main', { id: 'list', tabindex: '-1' });
const status = make('p', { class: 'status', role: 'status' });
const help = helpDialog();
const search = searchField('Filter by name, path, scope, owner …   ( / )', () => {
  view.text = search.value.trim().toLowerCase();
  render();
});
const owner = make(
  'select',
  {
    'aria-label': 'Owner',
    onchange: () => {
      view.owner = owner.value;
      render();
    },
  },
  make('option', { value: '' }, 'All owners'),
  ...owners.map(([who, n]) => make('option', { value: who }, `${who} (${n})`)),
);

function render() {
  const secrets = shownSecrets();
  const unresolved = shownUnresolved();
  const consumers = secrets.reduce((sum, secret) => sum + secret.consumers.length, 0);
  const open = secrets.length < 5;
  list.replaceChildren(...secrets.slice(0, drawn).map((secret) => secretCard(secret, open)));
  if (secrets.length > drawn) list.append(moreButton(secrets.length - drawn));
  if (unresolved.length > 0) list.append(unresolvedCard(unresolved));
  if (secrets.length + unresolved.length === 0) list.append(empty());
  status.textContent = `${count(secrets.length, 'secret')} · ${count(consumers, 'consumer')}`;
}

function moreButton(left) {
  const onclick = () => {
    drawn += FIRST_SECRETS;
    render();
  };
  return make('button', { class: 'more', onclick }, `Show more (${count(left, 'secret')} left)`);
}

function empty() {
  const none = data.secrets.length + data.unresolved.length === 0;
  return make(
    'div',
    { class: 'empty' },
    make('strong', {}, none ? 'No long-lived secret was found.' : 'Nothing matches this filter.'),
    none ? null : make('button', { class: 'more', onclick: reset }, 'Show everything (Esc)'),
  );
}

function choose(value) {
  view.state = value;
  mark('state', value);
  render();
}

function reset() {
  search.value = '';
  owner.value = '';
  drawn = FIRST_SECRETS;
  Object.assign(view, { text: '', owner: '' });
  choose('all');
}

function top() {
  const consumers = data.secrets.flatMap((secret) => secret.consumers);
  const unknown = consumers.filter(({ confidence, unknown: places }) => {
    return confidence === 'unknown' || places.length > 0;
  });
  const moved = consumers.filter(isMigrated).length;
  const tiles = [
    tile(data.secrets.length, data.secrets.length === 1 ? 'secret' : 'secrets'),
    tile(consumers.length, consumers.length === 1 ? 'consumer' : 'consumers'),
    tile(moved, 'migrated and verified', moved === consumers.length ? 'good' : ''),
    tile(unknown.length, 'not fully known', unknown.length > 0 ? 'warn' : ''),
    tile(data.unresolved.length, 'unclear places', data.unresolved.length > 0 ? 'warn' : ''),
    tile(consumers.filter((one) => one.owner.who === null).length, 'without an owner'),
  ];
  return make(
    'header',
    {},
    title(data, 'secrets map', roundButtons(help)),
    make('div', { class: 'tiles' }, ...tiles),
    make('p', { class: `verdict ${data.clean ? 'good' : 'bad'}` }, data.verdict),
  );
}

function foot() {
  const words =
    'No value of a secret is in this page, whole or in part. secret:… is the start of a keyed fingerprint. Scopes come from calls with file and line; what cannot be resolved is unknown, never guessed.';
  const next = ['Next: ', make('code', {}, 'agent-id plan'), ' says what a migration would do.'];
  return make('footer', {}, make('p', {}, words), make('p', {}, ...next));
}

listenToKeys({ search, help, reset });
const toolbar = make(
  'div',
  { class: 'toolbar' },
  search,
  owner,
  segments('State', 'state', choices, choose),
  status,
);
document.body.append(top(), toolbar, list, foot(), help);
render();
