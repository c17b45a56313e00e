import { describe, expect, it } from 'vitest';
import { applyEdits, confirmEdits } from '../../src/formats/index.ts';
import { parsed } from './kit.ts';

async function adopt(text: string): Promise<string> {
  const document = await parsed(text, 'a.sh');
  const uses = document.facts.uses.filter((use) => use.name === 'OKTA_API_TOKEN');
  const adopted = document.adopt?.(uses, {
    agent: 'list-groups',
    resource: 'password-api',
    scopes: ['okta.groups.read'],
    actsFor: 'itself',
    helperPath: './agent-id',
  });
  if (adopted === undefined) throw new Error('no adopt');
  if ('refused' in adopted) return `refused: ${adopted.refused}`;
  const after = applyEdits(text, adopted.edits);
  await confirmEdits('a.sh', text, after, adopted.edits);
  return `${adopted.tier} ${after}`;
}

describe('a header in a script', () => {
  it.each([
    [
      'curl -H "Authorization: SSWS ${OKTA_API_TOKEN}" "$URL"\n',
      'T1 curl -H "Authorization: Bearer ${OKTA_API_TOKEN}" "$URL"\n',
    ],
    [
      ': "${OKTA_API_TOKEN:?}"\n[ -n "$OKTA_API_TOKEN" ] || exit 1\nTOKEN=$OKTA_API_TOKEN\ncurl --header "Authorization: SSWS $TOKEN" x\n',
      'T1 : "${OKTA_API_TOKEN:?}"\n[ -n "$OKTA_API_TOKEN" ] || exit 1\nTOKEN=$OKTA_API_TOKEN\ncurl --header "Authorization: Bearer $TOKEN" x\n',
    ],
    [
      'H="Authorization: SSWS $OKTA_API_TOKEN"\ncurl -H "$H" x\n',
      'T1 H="Authorization: Bearer $OKTA_API_TOKEN"\ncurl -H "$H" x\n',
    ],
    [
      'curl -H "Authorization: Bearer $OKTA_API_TOKEN" x\n',
      'T1 curl -H "Authorization: Bearer $OKTA_API_TOKEN" x\n',
    ],
  ])('%j', async (text, after) => {
    expect(await adopt(text)).toBe(after);
  });

  it.each([
    ['node a.js --token "$OKTA_API_TOKEN"\n', /something else/],
    ['AUTH="Basic $OKTA_API_TOKEN"\ncurl -H "Authorization: $AUTH" x\n', /something else/],
    ['[ -n "$OKTA_API_TOKEN" ] && run\n', /no Authorization header/],
  ])('refuses %j', async (text, why) => {
    expect(await adopt(text)).toMatch(why);
  });
});
