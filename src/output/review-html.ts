import { decisions, type ReviewAgent, type ReviewScope, type ReviewSheet } from '../model/review.ts';
import { pageHead, toScriptData } from './page.ts';
import { reviewLine, unusedLine } from './review-sheet.ts';
import { envelope } from './version.ts';
import { escapeXml } from './xml.ts';

const style = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color-scheme: light dark; }
h2 { margin: 2rem 0 .2rem; font-size: 1.15rem; }
p { margin: .2rem 0; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8886; vertical-align: top; }
td:nth-child(2) { overflow-wrap: anywhere; }
.unused { font-weight: 600; }
code { font-family: ui-monospace, monospace; }
button { font: inherit; padding: .4rem .9rem; margin-top: 1.5rem; }
`;

/** Fills the chosen decisions into the sheet and hands it back as the file that `--decisions` takes. */
const script = `
const sheet = JSON.parse(document.getElementById('sheet').textContent);
document.getElementById('save').addEventListener('click', () => {
  for (const select of document.querySelectorAll('select'))
    sheet.agents[select.dataset.agent].scopes[select.dataset.scope].decision = select.value || null;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(sheet, null, 2)], { type: 'application/json' }));
  link.download = 'decisions.json';
  link.click();
});
`;

/** Renders a sheet as one page without network under its own policy: it is read, decided on and saved in a browser. */
export function renderReviewHtml(sheet: ReviewSheet): string {
  return `${pageHead('Access review of agents', style, script)}<body>
<h1>Access review of ${sheet.agents.length} agents</h1>
<p>Made ${escapeXml(sheet.made)}. Decide on every scope of an agent, or on none. Then: <code>agent-id agents review --decisions decisions.json</code></p>
${sheet.agents.map(toSection).join('\n')}
<button id="save" type="button">Save decisions.json</button>
<script type="application/json" id="sheet">${toScriptData({ ...envelope, ...sheet })}</script>
<script>${script}</script>
</body>
</html>
`;
}

function toSection(agent: ReviewAgent, at: number): string {
  const rows = agent.scopes.map((scope, n) => toRow(agent, scope, `data-agent="${at}" data-scope="${n}"`));
  const about = `${agent.status}, ${agent.flow}, at ${agent.idp} as ${agent.clientId}; owner ${agent.owner ?? 'unknown'}; ${reviewLine(agent)}`;
  return `<section><h2>${escapeXml(agent.displayName)} <small>${escapeXml(agent.id)}</small></h2>
<p>${escapeXml(about)}</p>
<table><thead><tr><th>scope</th><th>why</th><th>last used</th><th>decision</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></section>`;
}

function toRow(agent: ReviewAgent, { evidence, lastUsed, scope, uri }: ReviewScope, data: string): string {
  const used =
    lastUsed === null ? `<td class="unused">${unusedLine(agent)}</td>` : `<td>${escapeXml(lastUsed)}</td>`;
  const options = ['', ...decisions].map((one) => `<option>${one}</option>`).join('');
  const label = escapeXml(`decision about ${scope} of ${agent.id}`);
  return `<tr><td><code>${escapeXml(scope)}</code><br><small>${escapeXml(uri)}</small></td><td>${escapeXml(evidence ?? 'no evidence')}</td>${used}<td><select aria-label="${label}" ${data}>${options}</select></td></tr>`;
}
