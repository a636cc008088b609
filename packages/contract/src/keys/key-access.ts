import { type AccessCheck, anyOf, type Requirement } from '../access.ts';

/** The tuples that allow an action on one API's keys. */
export function onApi(action: string): Requirement {
  return anyOf(`api.*.${action}`, `api.{apiId}.${action}`);
}

/** The grant that allows an action on one key. */
export function keyGrant(action: string): string {
  return `keyspaces/{keyspaceId}/keys/{keyId}#${action}`;
}

/** Allows an action on one key: by its API, or by the key's own grant. */
export function onKey(action: string): Requirement {
  return anyOf(`api.*.${action}`, `api.{apiId}.${action}`, keyGrant(action));
}

/** Creating a key in an API. */
export const creatingKeys: AccessCheck = {
  requires: anyOf('api.*.create_key', 'api.{apiId}.create_key', 'keyspaces/{keyspaceId}#create_key'),
};

/** Storing a key so that it can be read again. */
export const encryptingKeys: AccessCheck = {
  when: 'encrypt',
  requires: anyOf(
    'api.*.encrypt_key',
    'api.{apiId}.encrypt_key',
    'keyspaces/{keyspaceId}/keys/*#encrypt_key',
  ),
};
