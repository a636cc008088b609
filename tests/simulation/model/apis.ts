import type { InputOf } from '@unkey-ts/contract';
import { showKey } from './keys.ts';
import {
  type Expected,
  findApi,
  identityOfKey,
  isLive,
  named,
  notFound,
  type State,
  success,
} from './state.ts';

export function createApi(state: State, workspace: number, { name }: InputOf<'apis.createApi'>): Expected {
  const id = named(state, 'api');
  state.apis.push({ id, workspace, name, isDeleted: false });
  return success({ apiId: id });
}

export function getApi(state: State, workspace: number, { apiId }: InputOf<'apis.getApi'>): Expected {
  const api = findApi(state, workspace, apiId);
  return api === undefined ? notFound('api') : success({ id: api.id, name: api.name });
}

export function deleteApi(state: State, workspace: number, { apiId }: InputOf<'apis.deleteApi'>): Expected {
  const api = findApi(state, workspace, apiId);
  if (api === undefined) return notFound('api');
  api.isDeleted = true;
  return success({});
}

export function listKeys(
  state: State,
  workspace: number,
  { apiId, externalId, decrypt }: InputOf<'apis.listKeys'>,
): Expected {
  if (findApi(state, workspace, apiId) === undefined) return notFound('api');
  const keys = state.keys.filter(
    (key) =>
      key.api === apiId &&
      isLive(state, workspace, key) &&
      (externalId === undefined || identityOfKey(state, key)?.externalId === externalId),
  );
  return success(
    keys.map((key) => ({
      ...showKey(state, key),
      ...(decrypt && key.isRecoverable && { plaintext: key.plain }),
    })),
  );
}
