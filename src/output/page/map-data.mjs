/** What the map shows, and what of it is chosen now. */
export const data = JSON.parse(document.getElementById('report').textContent);

export const view = { text: '', owner: '', state: 'all' };

export const choices = [
  ['all', 'All'],
  ['open', 'To migrate'],
  ['unknown', 'Unknown'],
];

const NOBODY = 'nobody';

export function ownerOf({ owner }) {
  return owner.who ?? NOBODY;
}

export function isMigrated({ state }) {
  return state === 'verified' || state === 'retired';
}

/** Everybody who owns a consumer, with how many: those with the most first. */
export const owners = [
  ...data.secrets
    .flatMap((secret) => secret.consumers)
    .map(ownerOf)
    .reduce((counts, who) => counts.set(who, (counts.get(who) ?? 0) + 1), new Map()),
].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));

/** Gives the secrets that the filters let pass, each with those of its consumers that they let pass. */
export function shownSecrets() {
  return data.secrets.flatMap((secret) => {
    const isNamed = matches([...secret.names, secret.rule, secret.short, secret.provider]);
    const consumers = secret.consumers.filter((consumer) => isShown(consumer, isNamed));
    const isAlone = secret.consumers.length === 0 && view.owner === '' && view.state === 'all';
    return consumers.length > 0 || (isAlone && (isNamed || matches(placesOf(secret))))
      ? [{ ...secret, consumers }]
      : [];
  });
}

export function shownUnresolved() {
  if (view.owner !== '' || view.state === 'open') return [];
  return data.unresolved.filter(({ path, why, provider }) => matches([path, why, provider]));
}

function isShown(consumer, isNamed) {
  if (view.owner !== '' && ownerOf(consumer) !== view.owner) return false;
  if (view.state === 'open' && isMigrated(consumer)) return false;
  if (view.state === 'unknown' && consumer.confidence !== 'unknown' && consumer.unknown.length === 0)
    return false;
  const { name, id, kind, path, language, scopes, state } = consumer;
  return (
    isNamed ||
    matches([name, id, kind, path, language, state, ownerOf(consumer), ...scopes.map((one) => one.scope)])
  );
}

function placesOf(secret) {
  return secret.storedIn.map(({ path }) => path);
}

function matches(texts) {
  return view.text === '' || texts.some((text) => text.toLowerCase().includes(view.text));
}
