import { operations } from '@unkey-ts/contract';
import { difference } from '../difference.ts';
import { handlerOf } from '../handler.ts';
import { presentRole } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { refuseBeyondMax } from './links-max.ts';
import { locateKey } from './locate-key.ts';
import { resolveRoles } from './resolve-roles.ts';

export const addRoles = handlerOf(operations['keys.addRoles'], {
  locate: locateKey,
  async act(context, input, { key }) {
    const roles = await resolveRoles(context, input.roles);
    if (roles instanceof Refusal) return roles;
    const { added } = difference(key.roles, roles);
    const refusal = refuseBeyondMax('roles', key.roles.length + added.length);
    if (refusal) return refusal;
    await changeLinks(context, 'attachRoles', { keyId: key.id, linked: added });
    return { data: [...key.roles, ...added].map(presentRole) };
  },
});
