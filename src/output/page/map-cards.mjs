import { badge, count, make } from './dom.mjs';
import { isMigrated } from './map-data.mjs';

const FIRST_PLACES = 5;

/** One secret as a card: what is known of it, then each consumer with its scopes and what is not known. */
export function secretCard(secret, open) {
  const { names, short, provider, risk, consumers } = secret;
  const severity = risk.score >= 70 ? 'critical' : risk.score >= 40 ? 'high' : 'medium';
  const moved = consumers.length > 0 && consumers.every(isMigrated);
  return filledCard(moved ? 'done' : severity, open, {
    head: [
      badge(moved ? 'migrated' : `risk ${risk.score}`, moved ? 'done' : severity),
      make('span', { class: 'label' }, names.length === 0 ? 'unnamed' : names.join(', ')),
      make('code', { class: 'id' }, short),
      make('span', { class: 'provider' }, provider),
      make('span', { class: 'n' }, count(consumers.length, 'consumer')),
    ],
    body: () => [about(secret), ...flow(consumers)],
  });
}

/** Places that no consumer explains. */
export function unresolvedCard(unresolved) {
  return filledCard('medium', true, {
    head: [
      badge('unclear', 'medium'),
      make('span', { class: 'label' }, 'Places that no consumer explains'),
      make('span', { class: 'n' }, count(unresolved.length, 'place')),
    ],
    body: () => [
      shortList(
        unresolved.map(({ path, line, why, short }) =>
          make(
            'li',
            {},
            place(path, line),
            short === '' ? null : make('code', { class: 'id' }, short),
            said(why),
          ),
        ),
        'unclear',
        50,
      ),
    ],
  });
}

/** A card of which the inside is made when it is opened. */
function filledCard(kind, open, { head, body }) {
  const inside = make('div', { class: 'body' });
  const fill = () => {
    if (inside.childElementCount === 0) inside.append(...body());
  };
  const details = make(
    'details',
    { class: `card ${kind}`, open, ontoggle: () => details.open && fill() },
    make('summary', {}, ...head),
    inside,
  );
  if (open) fill();
  return details;
}

function about({ storedIn, reaches, owner, risk, rule }) {
  const stored = storedIn.map(({ path, line, slot }) =>
    make('li', {}, place(path, line), slot === '' ? null : said(slot)),
  );
  const reached = reaches.map(({ api, operations, scopes }) =>
    make('li', {}, `${api}: ${count(operations, 'operation')}, ${scopes.join(' ')}`),
  );
  return make(
    'dl',
    { class: 'advice' },
    fact('Stored in', stored.length === 0 ? 'no file that was looked at' : shortList(stored, 'plain')),
    fact('Reaches', reached.length === 0 ? 'nothing that was found' : shortList(reached, 'plain')),
    fact('Owner', ownerText(owner)),
    fact(
      `Risk (${rule})`,
      shortList(
        risk.reasons.map((reason) => make('li', {}, reason)),
        'plain',
        10,
      ),
    ),
  );
}

function fact(term, what) {
  return make('div', {}, make('dt', {}, term), make('dd', {}, what));
}

function flow(consumers) {
  if (consumers.length === 0) return [make('p', { class: 'none' }, 'Consumed by nothing that was found.')];
  const heads = ['Consumer', 'Scopes that its code uses', 'Unknown'].map((text) => make('div', {}, text));
  return [
    make('div', { class: 'flow heads', 'aria-hidden': 'true' }, ...heads),
    ...consumers.map(consumerRow),
  ];
}

function consumerRow(consumer) {
  return make(
    'section',
    { class: 'flow', 'aria-label': consumer.id },
    make('div', { class: 'who' }, ...whoParts(consumer)),
    make('div', { class: 'scopes' }, ...scopeParts(consumer)),
    make('div', { class: 'open' }, ...unknownParts(consumer)),
  );
}

function whoParts(consumer) {
  const { name, kind, language, path, line, owner, actsFor, actsForReason, confidence, state, how } =
    consumer;
  return [
    make(
      'div',
      { class: 'where' },
      make('strong', {}, name),
      badge(state, isMigrated(consumer) ? 'done' : 'quiet'),
      confidence === 'confirmed' ? null : badge(confidence, confidence === 'unknown' ? 'medium' : 'quiet'),
    ),
    make(
      'div',
      { class: 'why' },
      place(path, line),
      said([kind, language, `by ${how}`].filter(Boolean).join(', ')),
    ),
    make(
      'div',
      { class: 'why' },
      said(`${actsFor === 'user' ? 'for a user' : 'as itself'}: ${actsForReason}`),
    ),
    make('div', { class: 'why owner' }, said(`owner ${ownerText(owner)}`)),
  ];
}

function scopeParts({ scopes }) {
  if (scopes.length === 0) return [make('p', { class: 'none' }, 'No call that needs a scope was found.')];
  return scopes.map(({ scope, evidence }) =>
    make(
      'details',
      { class: 'scope' },
      make('summary', {}, make('code', {}, scope), make('span', {}, count(evidence.length, 'call'))),
      shortList(
        evidence.map((one) => make('li', {}, place(one.path, one.line), said(one.call))),
        'calls',
        25,
      ),
    ),
  );
}

function unknownParts({ unknown }) {
  if (unknown.length === 0) return [make('p', { class: 'none' }, 'Nothing.')];
  return [
    shortList(
      unknown.map(({ path, line, why }) => make('li', {}, place(path, line), said(why))),
      'unclear',
    ),
  ];
}

/** A list of which the rest is shown on demand. */
function shortList(items, kind, first = FIRST_PLACES) {
  const list = make('ul', { class: kind }, ...items.slice(0, first));
  const rest = items.slice(first);
  if (rest.length > 0) {
    const onclick = () => {
      button.parentElement.remove();
      list.append(...rest);
    };
    const button = make('button', { class: 'more', onclick }, `Show ${rest.length} more`);
    list.append(make('li', {}, button));
  }
  return list;
}

function place(path, line) {
  return make('code', { class: 'path' }, `${path}:${line}`);
}

function said(text) {
  return make('span', {}, text);
}

function ownerText({ who, evidence }) {
  return who === null ? `nobody (${evidence})` : `${who} (${evidence})`;
}
