import { expect, it } from 'vitest';
import { isOfFolders, toNameTest } from '../../src/sources/history/name-test.ts';

it('lets through each name that a pattern may match in some folder, and few others', () => {
  const isNamed = toNameTest([
    /(^|\/)conf\/(server|context)\.xml$/i,
    /(^|\/)exim4?\/passwd\.client$/,
    /(^|\/)openvpn[\w./-]{0,64}\.conf$/,
    /^[oO][pP][sS]\/[^/]+\/secrets\u002eya?ml$/,
    /(^|\/)(\.pgpass|\.config\/git\/credentials)$/,
  ]);
  const names = ['server.xml', 'passwd.client', 'site.conf', 'secrets.yml', '.pgpass', 'credentials'];
  expect(names.filter(isNamed)).toEqual(names);
  expect(['pom.xml', 'passwd', 'readme.md', 'secrets.json', 'pgpass', ''].filter(isNamed)).toEqual([]);
});

it('is not asked for all files of a folder', () => {
  const folder = /(^|\/)\.vnc\//;
  expect([isOfFolders(folder), isOfFolders(/^ops\/.*\.p12$/)]).toEqual([true, false]);
  expect(toNameTest([folder])('any.txt')).toBe(false);
});
