import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentRole } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { locateKey } from './locate-key.ts';
import { resolveRoles } from './resolve-roles.ts';

export const removeRoles = handlerOf(operations['keys.removeRoles'], {
  locate: locateKey,
  async act(context, input, { key }) {
    const roles = await resolveRoles(context, input.roles);
    if (roles instanceof Refusal) return roles;
    const unwanted = new Set(roles.map(({ id }) => id));
    const removed = key.roles.filter(({ id }) => unwanted.has(id));
    await changeLinks(context, 'detachRoles', { keyId: key.id, linked: removed });
    return { data: key.roles.filter(({ id }) => !unwanted.has(id)).map(presentRole) };
  },
});
