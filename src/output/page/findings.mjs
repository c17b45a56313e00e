/** What the page shows, and what of it is chosen now. */
export const data = JSON.parse(document.getElementById('report').textContent);

export const severities = ['critical', 'high', 'medium', 'low', 'info'];
export const FIRST_GROUPS = 100;

export const view = {
  text: '',
  by: 'secret',
  severities: new Set(severities),
  state: 'open',
  groups: FIRST_GROUPS,
};

for (const finding of data.findings) {
  const { path, name, rule, provider, owner, title, secret, slot, author, reasons } = finding;
  finding.search = [path, name ?? '', rule, provider, owner, title, secret, slot, author, reasons]
    .join('\n')
    .toLowerCase();
}

/** Gives the groups of what the filters let pass, the gravest first. */
export function shownGroups() {
  return groupsOf(data.findings.filter(isShown));
}

function isShown(finding) {
  if (view.state === 'open' && finding.state !== 'new') return false;
  if (view.state === 'accepted' && finding.state === 'new') return false;
  if (!view.severities.has(finding.severity)) return false;
  return view.text === '' || finding.search.includes(view.text);
}

const keys = {
  secret: (finding) => finding.group,
  provider: (finding) => finding.provider,
  owner: (finding) => finding.owner,
};

function labelOf(finding) {
  if (view.by === 'owner') return finding.owner === '' ? 'No owner in CODEOWNERS' : finding.owner;
  if (view.by === 'provider') return finding.provider;
  return finding.kind === 'use' ? `${finding.name} is read by name` : finding.title;
}

function groupsOf(findings) {
  const groups = new Map();
  for (const finding of findings) {
    const key = keys[view.by](finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { key, label: labelOf(finding), findings: [finding] });
    else group.findings.push(finding);
  }
  const rank = (group) => Math.min(...group.findings.map((finding) => severities.indexOf(finding.severity)));
  return [...groups.values()]
    .map((group) => ({ ...group, rank: rank(group) }))
    .sort((a, b) => a.rank - b.rank || b.findings.length - a.findings.length);
}
