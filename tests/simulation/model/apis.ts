import type { InputOf } from '@unkey-ts/contract';
import { showKey } from './keys.ts';
import { absent, answer, findApi, identityOfKey, isLive, named, type Outcome, type State } from './state.ts';

export function createApi(state: State, workspace: number, { name }: InputOf<'apis.createApi'>): Outcome {
  const id = named(state, 'api');
  state.apis.push({ id, workspace, name, isDeleted: false });
  return answer({ apiId: id });
}

export function getApi(state: State, workspace: number, { apiId }: InputOf<'apis.getApi'>): Outcome {
  const api = findApi(state, workspace, apiId);
  return api === undefined ? absent('api') : answer({ id: api.id, name: api.name });
}

export function deleteApi(state: State, workspace: number, { apiId }: InputOf<'apis.deleteApi'>): Outcome {
  const api = findApi(state, workspace, apiId);
  if (api === undefined) return absent('api');
  api.isDeleted = true;
  return answer({});
}

export function listKeys(
  state: State,
  workspace: number,
  { apiId, externalId, decrypt }: InputOf<'apis.listKeys'>,
): Outcome {
  if (findApi(state, workspace, apiId) === undefined) return absent('api');
  const keys = state.keys.filter(
    (key) =>
      key.api === apiId &&
      isLive(state, workspace, key) &&
      (externalId === undefined || identityOfKey(state, key)?.externalId === externalId),
  );
  return answer(
    keys.map((key) => ({
      ...showKey(state, key),
      ...(decrypt && key.isRecoverable && { plaintext: key.plain }),
    })),
  );
}
