import { expect, test } from 'vitest';
import { anyOf } from './access.ts';
import { operationIds, operations } from './operations.ts';
import {
  allRootKeyPermissions,
  isGrant,
  leavesOf,
  rootKeyGrants,
  rootKeyPermissions,
} from './permissions.ts';

const leaves = operationIds.flatMap((id) => leavesOf(operations[id].access));

test('every permission that an operation asks for is in the catalogue', () => {
  const known = rootKeyPermissions.flatMap(({ name, nameForOne }) => [name, nameForOne]);
  expect(leaves.filter((leaf) => !isGrant(leaf) && !known.includes(leaf))).toEqual([]);
});

test('every permission of the catalogue is one that some operation asks for, in both of its forms', () => {
  const names = rootKeyPermissions.flatMap(({ name, nameForOne }) =>
    nameForOne === null ? [name] : [name, nameForOne],
  );
  expect(names.filter((name) => !leaves.includes(name))).toEqual([]);
});

test('every grant is listed with the operations that accept it', () => {
  expect(new Set(rootKeyGrants.map(({ name }) => name))).toEqual(new Set(leaves.filter(isGrant)));
  expect(rootKeyGrants.find(({ name }) => name === 'keyspaces/{keyspaceId}#create_key')?.operations).toEqual([
    'keys.createKey',
    'keys.rerollKey',
  ]);
});

test('a permission knows whether it can be held for one thing', () => {
  const find = (wanted: string) => rootKeyPermissions.find(({ name }) => name === wanted);
  expect(find('api.*.create_api')).toMatchObject({ isPerResource: false, nameForOne: null });
  expect(find('api.*.verify_key')).toMatchObject({
    isPerResource: true,
    nameForOne: 'api.{apiId}.verify_key',
    operations: ['keys.verifyKey'],
  });
  expect(find('identity.*.read_identity')?.nameForOne).toBe('identity.{identityId}.read_identity');
});

test('all permissions are thirty plain names with a literal star', () => {
  expect(allRootKeyPermissions).toHaveLength(30);
  expect(allRootKeyPermissions.filter((name) => !/^[a-z]+\.\*\.[a-z_]+$/.test(name))).toEqual([]);
});

test('the leaves of nested requirements are found', () => {
  expect(leavesOf([{ requires: anyOf('a', anyOf('b', { allOf: ['c', 'd'] })) }])).toEqual([
    'a',
    'b',
    'c',
    'd',
  ]);
  expect(leavesOf('public')).toEqual([]);
});
