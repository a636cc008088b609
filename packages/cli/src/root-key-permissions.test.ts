import { allRootKeyPermissions } from '@unkey-ts/contract';
import { expect, test } from 'vitest';
import { parseRootKeyPermissions } from './root-key-permissions.ts';

const parse = (text: string) => parseRootKeyPermissions(text, (grant) => grant.startsWith('unkey:v1:ws_1:'));

test('`all` is every permission there is', () => {
  expect(parse('all')).toEqual({ permissions: allRootKeyPermissions, warnings: [] });
});

test('permissions are listed with commas; spaces and repetitions do not matter', () => {
  expect(parse('api.*.read_key, api.*.create_key,,api.*.read_key')).toEqual({
    permissions: ['api.*.read_key', 'api.*.create_key'],
    warnings: [],
  });
});

test('a permission on one resource is known where that form exists', () => {
  expect(parse('api.api_1.read_key,ratelimit.rlns_1.limit').warnings).toEqual([]);
  expect(parse('rbac.role_1.create_role').warnings).toHaveLength(1);
  expect(parse('api.api 1.read_key').warnings).toHaveLength(1);
});

test('a grant is known if it works in the workspace', () => {
  expect(parse('unkey:v1:ws_1:keyspaces/*#read_key').warnings).toEqual([]);
  expect(parse('unkey:v1:ws_2:keyspaces/*#read_key').warnings).toHaveLength(1);
});

test('an unknown permission is stored, and reported with the nearest known one', () => {
  const { permissions, warnings } = parse('api.*.reed_key,rbac.*.creat_role');
  expect(permissions).toEqual(['api.*.reed_key', 'rbac.*.creat_role']);
  expect(warnings.join()).toMatch(/'api\.\*\.read_key'.*'rbac\.\*\.create_role'/s);
});

test('no permissions are allowed, with a warning', () => {
  expect(parse(' , ')).toEqual({ permissions: [], warnings: [expect.stringContaining('no permission')] });
});
