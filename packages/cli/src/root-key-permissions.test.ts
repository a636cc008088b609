import { allRootKeyPermissions } from '@unkey-ts/contract';
import { expect, test } from 'vitest';
import { parseRootKeyPermissions } from './root-key-permissions.ts';

const parse = (text: string) => parseRootKeyPermissions(text, (grant) => grant.startsWith('unkey:v1:ws_1:'));

test('`all` is every permission there is', () => {
  expect(parse('all')).toEqual(allRootKeyPermissions);
});

test('permissions are listed with commas; spaces and repetitions do not matter', () => {
  expect(parse('api.*.read_key, api.*.create_key,,api.*.read_key')).toEqual([
    'api.*.read_key',
    'api.*.create_key',
  ]);
});

test('a permission about one thing is accepted where there is such a form', () => {
  expect(parse('api.api_1.read_key,ratelimit.rlns_1.limit')).toHaveLength(2);
  expect(() => parse('rbac.role_1.create_role')).toThrow(/no permission 'rbac.role_1.create_role'/);
  expect(() => parse('api.api 1.read_key')).toThrow(/no permission/);
});

test('a grant must work in the workspace', () => {
  expect(parse('unkey:v1:ws_1:keyspaces/*#read_key')).toHaveLength(1);
  expect(() => parse('unkey:v1:ws_2:keyspaces/*#read_key')).toThrow(/no grant in this workspace/);
});

test('every unknown permission is told, with the nearest that exists', () => {
  expect(() => parse('api.*.reed_key,rbac.*.creat_role')).toThrow(
    /'api\.\*\.read_key'[\s\S]*'rbac\.\*\.create_role'/,
  );
  expect(() => parse(' , ')).toThrow(/names none/);
});
