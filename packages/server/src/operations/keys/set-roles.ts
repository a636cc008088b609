import { operations } from '@unkey-ts/contract';
import { difference } from '../difference.ts';
import { handlerOf } from '../handler.ts';
import { presentRole } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { locateKey } from './locate-key.ts';
import { resolveRoles } from './resolve-roles.ts';

export const setRoles = handlerOf(operations['keys.setRoles'], {
  locate: locateKey,
  async act(context, input, { key }) {
    const roles = await resolveRoles(context, input.roles);
    if (roles instanceof Refusal) return roles;
    const { added, removed } = difference(key.roles, roles);
    await changeLinks(context, 'detachRoles', { keyId: key.id, linked: removed });
    await changeLinks(context, 'attachRoles', { keyId: key.id, linked: added });
    return { data: roles.map(presentRole) };
  },
});
