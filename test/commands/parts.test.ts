import { describe, expect, it } from 'vitest';
import { fillIn } from '../detect/samples.ts';
import { makeTree, run, scan } from './scan-kit.ts';

describe('what belongs to a secret', () => {
  it('is told beside it, in every way to show findings', async () => {
    const client = fillIn('0oa{alnum:17}');
    const root = makeTree({
      'okta.yaml': `okta:\n  orgUrl: https://acme.okta.com\n  clientId: ${client}\n  client_secret: ${fillIn('{url:64}')}\n`,
    });
    const { findings } = await scan(root);
    expect(findings.map(({ rule, parts }) => [rule, parts])).toEqual([
      [
        'okta-client-secret',
        [
          { part: 'client id', value: client },
          { part: 'domain', value: 'acme.okta.com' },
        ],
      ],
    ]);
    for (const format of ['text', 'sarif', 'csv', 'html', 'markdown'])
      expect((await run(['scan', '--format', format], { cwd: root })).out).toContain(
        `goes with client id ${client}, domain acme.okta.com`,
      );
  });

  it('is the nearest of several, and named only where it is a secret itself', async () => {
    const [first, second] = [fillIn('AKIA{base32:16}'), fillIn('AKIA{base32:16}')];
    const tenants = ['one', 'two'].map(
      (name) => `[${name}]\nOKTA_DOMAIN=${name}.okta.com\nOKTA_API_TOKEN=${fillIn('00{url:40}')}\n`,
    );
    const keys = [first, second].map(
      (id) => `aws_access_key_id=${id}\naws_secret_access_key=${fillIn('{base64:40}')}\n`,
    );
    const root = makeTree({ 'tenants.ini': tenants.join('\n'), 'keys.ini': keys.join('\n') });
    const { findings } = await scan(root);
    const parts = findings.flatMap(({ parts: own = [] }) => own);
    expect(parts.filter(({ part }) => part === 'domain').map(({ value }) => value)).toEqual([
      'one.okta.com',
      'two.okta.com',
    ]);
    expect(parts.filter(({ part }) => part !== 'domain')).toEqual(
      Array.from({ length: 2 }, () => ({ part: 'access key id', value: null })),
    );
    expect(JSON.stringify(findings)).not.toMatch(new RegExp(`${first}|${second}`));
  });
});
