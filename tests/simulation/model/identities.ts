import type { InputOf } from '@unkey-ts/contract';
import { containsText } from './contains-text.ts';
import { limitsOf, showIdentity } from './links.ts';
import {
  conflict,
  type Expected,
  findIdentity,
  invalid,
  named,
  notFound,
  type State,
  success,
} from './state.ts';

export function createIdentity(
  state: State,
  workspace: number,
  { externalId, meta, ratelimits }: InputOf<'identities.createIdentity'>,
): Expected {
  const isTaken = state.identities.some(
    (one) => one.workspace === workspace && one.externalId === externalId && !one.isDeleted,
  );
  if (isTaken) return conflict('identity');
  const id = named(state, 'id');
  const limits = limitsOf(state, [], ratelimits ?? []);
  state.identities.push({ id, workspace, externalId, meta: meta ?? {}, limits, isDeleted: false });
  return success({ identityId: id });
}

export function getIdentity(
  state: State,
  workspace: number,
  { identity: reference }: InputOf<'identities.getIdentity'>,
): Expected {
  const identity = findIdentity(state, workspace, reference);
  return identity === undefined ? notFound('identity') : success(showIdentity(identity));
}

export function listIdentities(
  state: State,
  workspace: number,
  { search = '' }: InputOf<'identities.listIdentities'>,
): Expected {
  const found = state.identities.filter(
    ({ workspace: of, externalId, isDeleted }) =>
      of === workspace && !isDeleted && containsText(`id_\n${externalId}`, search.trim()),
  );
  return success(found.map((identity) => showIdentity(identity)));
}

export function updateIdentity(
  state: State,
  workspace: number,
  { identity: reference, meta, ratelimits }: InputOf<'identities.updateIdentity'>,
): Expected {
  const names = (ratelimits ?? []).map(({ name }) => name);
  if (new Set(names).size < names.length) return invalid;
  const identity = findIdentity(state, workspace, reference);
  if (identity === undefined) return notFound('identity');
  if (meta !== undefined) identity.meta = meta;
  if (ratelimits !== undefined) identity.limits = limitsOf(state, identity.limits, ratelimits);
  return success(showIdentity(identity));
}

export function deleteIdentity(
  state: State,
  workspace: number,
  { identity: reference }: InputOf<'identities.deleteIdentity'>,
): Expected {
  const identity = findIdentity(state, workspace, reference);
  if (identity === undefined) return notFound('identity');
  identity.isDeleted = true;
  return success();
}
