import type { Requirement } from '@unkey-ts/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../../../../tests/any-text.ts';
import { describeMissing, findMissing, prepareGrants, type Scope, satisfies } from './grants.ts';

const scope: Scope = { apiId: 'api_1', keyspaceId: 'ks_1', keyId: 'key_1' };

function allowed(requirement: Requirement, permissions: string[], filled: Scope = scope): boolean {
  return satisfies(requirement, prepareGrants('ws_1', permissions), filled);
}

describe('tuples', () => {
  const readKey = { anyOf: ['api.*.read_key', 'api.{apiId}.read_key'] };

  test('match letter by letter, with the star as a letter', () => {
    expect(allowed(readKey, ['api.*.read_key'])).toBe(true);
    expect(allowed(readKey, ['api.api_1.read_key'])).toBe(true);
    for (const other of [
      '*',
      'api.*',
      'api.*.*',
      'API.*.read_key',
      'api.api_2.read_key',
      'api.*.create_key',
    ]) {
      expect(allowed(readKey, [other])).toBe(false);
    }
  });

  test('a permission spelled like a place in braces grants nothing', () => {
    expect(allowed(readKey, ['api.{apiId}.read_key'])).toBe(false);
    expect(allowed('api.{apiId}.read_key', ['api.{apiId}.read_key'], {})).toBe(false);
  });

  test('a place that the scope lacks is never satisfied', () => {
    expect(allowed('api.{toString}.read_key', ['api.*.read_key', 'api.api_1.read_key'])).toBe(false);
  });

  test('allOf needs every part, anyOf one, and empty anyOf is refused', () => {
    const both = { allOf: [readKey, { anyOf: ['api.*.read_api', 'api.{apiId}.read_api'] }] };
    expect(allowed(both, ['api.*.read_key', 'api.api_1.read_api'])).toBe(true);
    expect(allowed(both, ['api.*.read_key'])).toBe(false);
    expect(allowed({ anyOf: [] }, ['api.*.read_key'])).toBe(false);
  });
});

describe('URN grants', () => {
  const readKey = 'keyspaces/{keyspaceId}/keys/{keyId}#read_key';

  test.each([
    'keyspaces/ks_1/keys/key_1#read_key',
    'keyspaces/*/keys/*#read_key',
    'keyspaces/ks_1/keys/*#read_key',
    'keyspaces/ks_1/**#read_key',
    'keyspaces/ks_1/keys/key_1/**#read_key',
    '**#read_key',
    '**#*',
  ])('%s covers one key', (grant) => {
    expect(allowed(readKey, [`unkey:v1:ws_1:${grant}`])).toBe(true);
  });

  test.each([
    'keyspaces/*#read_key',
    'keyspaces/ks_1/keys#read_key',
    'keyspaces/ks_1/keys/key_1/x#read_key',
    'keyspaces/ks_2/**#read_key',
    'keyspaces/ks_1/keys/key_2#read_key',
    'keyspaces/ks_1/keys/key_1#update_key',
  ])('%s does not cover it', (grant) => {
    expect(allowed(readKey, [`unkey:v1:ws_1:${grant}`])).toBe(false);
  });

  test.each([
    'keyspaces/ks_1/keys/key_1#*',
    'keyspaces/**#*',
    '**/keys/key_1#read_key',
    'keyspaces//keys/key_1#read_key',
    'keyspaces/ks_*/keys/key_1#read_key',
    '**#read_key#read_key',
    '**#',
    '**',
    '#read_key',
    '/keyspaces/ks_1/keys/key_1#read_key',
  ])('%s is malformed and ignored', (grant) => {
    expect(prepareGrants('ws_1', [`unkey:v1:ws_1:${grant}`]).urns).toEqual([]);
    expect(allowed(readKey, [`unkey:v1:ws_1:${grant}`])).toBe(false);
  });

  test('an action that starts or ends with an underscore is malformed', () => {
    expect(prepareGrants('ws_1', ['unkey:v1:ws_1:**#_read', 'unkey:v1:ws_1:**#read_']).urns).toEqual([]);
  });

  test('a grant of another workspace or without the full form is ignored', () => {
    for (const grant of [
      'unkey:v1:ws_2:**#*',
      'unkey:v2:ws_1:**#*',
      '**#*',
      'keyspaces/ks_1/keys/key_1#read_key',
    ]) {
      expect(allowed(readKey, [grant])).toBe(false);
    }
    expect(allowed('rbac/permissions/*#create_permission', ['rbac/permissions/*#create_permission'])).toBe(
      false,
    );
  });

  test('a required star is covered by a star or a subtree only', () => {
    const encrypt = 'keyspaces/{keyspaceId}/keys/*#encrypt_key';
    expect(allowed(encrypt, ['unkey:v1:ws_1:keyspaces/ks_1/keys/*#encrypt_key'])).toBe(true);
    expect(allowed(encrypt, ['unkey:v1:ws_1:keyspaces/ks_1/**#encrypt_key'])).toBe(true);
    expect(allowed(encrypt, ['unkey:v1:ws_1:keyspaces/ks_1/keys/key_1#encrypt_key'])).toBe(false);
  });

  test('a subtree covers its base', () => {
    expect(allowed('keyspaces/{keyspaceId}#create_key', ['unkey:v1:ws_1:keyspaces/ks_1/**#create_key'])).toBe(
      true,
    );
  });

  test('a value never adds a segment, and a place left open is refused even to the administrator', () => {
    const grant = ['unkey:v1:ws_1:keyspaces/ks_1/keys/key_1/x#read_key'];
    expect(allowed(readKey, grant, { keyspaceId: 'ks_1', keyId: 'key_1/x' })).toBe(false);
    expect(allowed(readKey, ['unkey:v1:ws_1:**#*'], { keyspaceId: 'ks_1' })).toBe(false);
  });
});

test('any strings can be prepared, and grant nothing by chance', () => {
  const text = anyText({ maxLength: 20 });
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          text,
          text.map((path) => `unkey:v1:ws_1:${path}`),
        ),
      ),
      (permissions) => {
        expect(allowed({ anyOf: ['api.*.read_key', '{keyId}#read_key'] }, permissions)).toBe(false);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});

describe('the sentence', () => {
  test('names one permission, a choice, or all parts', () => {
    expect(describeMissing('api.{apiId}.x', scope)).toBe("Missing permission: 'api.api_1.x'");
    expect(describeMissing({ anyOf: ['api.*.x', 'api.{apiId}.x'] }, scope)).toBe(
      'Missing one of these permissions: api.*.x or api.api_1.x',
    );
    expect(describeMissing({ anyOf: ['a'] }, scope)).toBe('Missing one of these permissions: a');
    expect(describeMissing({ anyOf: [{ allOf: [{ anyOf: ['a', 'b'] }, 'c'] }, 'd'] }, scope)).toBe(
      'Missing one of these permissions: (a or b) and c or d',
    );
    expect(describeMissing({ allOf: ['a', 'b'] }, scope)).toBe('Missing permissions: a and b');
  });

  test('reports the first part that fails', () => {
    const requirement = { allOf: ['a', { allOf: ['b', { anyOf: ['c', 'd'] }] }] };
    expect(findMissing(requirement, prepareGrants('ws_1', ['a', 'b']), scope)).toEqual({ anyOf: ['c', 'd'] });
    expect(findMissing(requirement, prepareGrants('ws_1', ['b', 'c']), scope)).toBe('a');
  });
});
