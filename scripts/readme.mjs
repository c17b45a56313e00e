// Writes the transcript of a demo run into README.md, between its marks: `npm start | node scripts/readme.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));
const transcript = readFileSync(0, 'utf8')
  .replace(/^> .*\n/gm, '')
  .replaceAll(/\/[\w./-]*agent-id-demo-\w+/g, '/tmp/agent-id-demo-X')
  .trim();
const [start, end] = ['<!-- demo -->', '<!-- /demo -->'];
const text = readFileSync(readme, 'utf8');
const at = text.indexOf(start) + start.length;
writeFileSync(
  readme,
  `${text.slice(0, at)}\n\`\`\`text\n${transcript}\n\`\`\`\n${text.slice(text.indexOf(end))}`,
);
