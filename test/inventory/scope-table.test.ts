import { describe, expect, it } from 'vitest';
import table from '../../rules/scopes/okta.json' with { type: 'json' };
import { toScopeTable } from '../../src/inventory/scope-table.ts';
import { isForeignHost, toRestPath, verbOfName } from '../../src/inventory/rest-text.ts';

const okta = toScopeTable(table);

const methods = [
  ['javascript', 'client.userApi.generateResetPasswordToken', 'resetPassword', ['okta.users.manage']],
  ['javascript', 'client.userApi.listUsers', 'listUsers', ['okta.users.read']],
  ['javascript', 'client.listUsers', 'listUsers', ['okta.users.read']],
  ['javascript', 'client.addUserToGroup', 'assignUserToGroup', ['okta.groups.manage']],
  ['javascript', 'client.groupApi.createGroup', 'addGroup', ['okta.groups.manage']],
  ['javascript', 'client.createApplication', 'createApplication', ['okta.apps.manage']],
  ['python', 'okta_client.get_user', 'getUser', ['okta.users.read']],
  ['python', 'client.list_users', 'listUsers', ['okta.users.read']],
  ['python', 'client.get_logs', 'listLogEvents', ['okta.logs.read']],
  ['python', 'client.add_user_to_group', 'assignUserToGroup', ['okta.groups.manage']],
  ['go', 'client.User.ListUsers', 'listUsers', ['okta.users.read']],
  ['go', 'client.UserAPI.ListUsers', 'listUsers', ['okta.users.read']],
  ['go', 'client.Group.AddUserToGroup', 'assignUserToGroup', ['okta.groups.manage']],
] as const;

const paths = [
  ['POST', '/api/v1/users/{}/lifecycle/reset_password', 'resetPassword'],
  ['GET', '/api/v1/users/{}', 'getUser'],
  ['GET', '/api/v1/groups', 'listGroups'],
  ['GET', '/api/v1/apps/0oa1/users', 'listApplicationUsers'],
  ['GET', '/api/v1/logs', 'listLogEvents'],
] as const;

describe('the table of scopes', () => {
  it.each(methods)('%s %s calls %s', (language, callee, id, scopes) => {
    expect(okta.byMethod(language, callee.split('.'))).toMatchObject({ id, scopes });
  });

  it.each(paths)('%s %s is %s', (method, path, id) => {
    expect(okta.byPath(method, path)?.id).toBe(id);
  });

  it('knows nothing of made-up calls', () => {
    expect(okta.byMethod('javascript', ['client', 'constructor'])).toBeUndefined();
    expect(okta.byMethod('go', ['client', 'User', 'listUsers'])).toBeUndefined();
    expect(okta.byPath('GET', '/api/v1/nothing')).toBeUndefined();
    expect(okta.byPath('DELETE', '/api/v1/users')).toBeUndefined();
  });

  it('holds no fewer operations than the description it is made of', () => {
    expect(table.operations.length).toBeGreaterThan(1000);
    expect(new Set(table.operations).size).toBe(table.operations.length);
  });

  it('refuses another shape', () => {
    expect(() => toScopeTable({ api: 'okta' })).toThrow(/shape/);
  });
});

describe('paths in text', () => {
  it.each([
    ['{}/api/v1/users/{}/lifecycle/unlock?sendEmail=false', '/api/v1/users/{}/lifecycle/unlock'],
    ['$OKTA_ORG_URL/api/v1/users/$id', '/api/v1/users/{}'],
    ['https://acme.okta.com/api/v1/groups/', '/api/v1/groups'],
    ['%s/api/v1/users/%s/groups', '/api/v1/users/{}/groups'],
    ['{}/oauth2/v1/clients', '/oauth2/v1/clients'],
  ])('%s holds %s', (text, path) => {
    expect(toRestPath(text)?.path).toBe(path);
  });

  it('tells hosts apart', () => {
    expect(isForeignHost('https://api.github.com')).toBe(true);
    expect(isForeignHost('https://acme.okta.com')).toBe(false);
    expect(isForeignHost('{}')).toBe(false);
  });

  it.each([
    ['requests.post', 'POST'],
    ['oktaGet', 'GET'],
    ['http.Post', 'POST'],
    ['api_delete', 'DELETE'],
    ['client.Do', undefined],
    ['compute', undefined],
  ])('%s sends %s', (callee, method) => {
    expect(verbOfName(callee)).toBe(method);
  });
});
