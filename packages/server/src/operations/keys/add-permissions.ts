import { operations } from '@unkey-ts/contract';
import { difference } from '../difference.ts';
import { handlerOf } from '../handler.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { presentPermission } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { refuseBeyondMax } from './links-max.ts';
import { locateKey } from './locate-key.ts';

export const addPermissions = handlerOf(operations['keys.addPermissions'], {
  async locate(context, input) {
    const located = await locateKey(context, input);
    if (located instanceof Refusal) return located;
    const resolved = await resolvePermissions(context, input.permissions);
    return { ...located, resolved, conditions: resolved.missing.length > 0 ? ['newPermission'] : [] };
  },
  async act(context, _input, { key, resolved }) {
    const created = await createPermissions(context, resolved.missing, { isAudited: true });
    const { added } = difference(key.permissions, [...resolved.existing, ...created]);
    const refusal = refuseBeyondMax('permissions', key.permissions.length + added.length);
    if (refusal) return refusal;
    await changeLinks(context, 'attachPermissions', { keyId: key.id, linked: added });
    return { data: [...key.permissions, ...added].map(presentPermission) };
  },
});
