import { operations } from '@unkey-ts/contract';
import { difference } from '../difference.ts';
import { handlerOf } from '../handler.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { presentPermission } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { locateKey } from './locate-key.ts';

export const setPermissions = handlerOf(operations['keys.setPermissions'], {
  async locate(context, input) {
    const located = await locateKey(context, input);
    if (located instanceof Refusal) return located;
    const resolved = await resolvePermissions(context, input.permissions);
    return { ...located, resolved, conditions: resolved.missing.length > 0 ? ['newPermission'] : [] };
  },
  async act(context, _input, { key, resolved }) {
    const { added, removed } = difference(key.permissions, resolved.existing);
    await changeLinks(context, 'detachPermissions', { keyId: key.id, linked: removed });
    const created = await createPermissions(context, resolved.missing, { isAudited: true });
    await changeLinks(context, 'attachPermissions', { keyId: key.id, linked: [...added, ...created] });
    return { data: [...resolved.existing, ...created].map(presentPermission) };
  },
});
