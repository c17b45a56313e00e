// Appends entries from a process of its own; the test bundles it.
import { appendAudit } from '../../src/audit/log.ts';
import { sample } from './sample.ts';

const [home = '', name = '', count = '0'] = process.argv.slice(2);
for (let at = 0; at < Number(count); at++) {
  await appendAudit({ audit: `${home}/audit`, keys: `${home}/keys` }, sample({ user: `${name}-${at}` }));
}
