import { operations } from '@unkey-ts/contract';
import { foldCase } from '../../domain/fold-case.ts';
import { handlerOf } from '../handler.ts';
import { resolvePermissions } from '../permissions/resolve-permissions.ts';
import { presentPermission } from '../present.ts';
import { refuse } from '../refusal.ts';
import { changeLinks } from './key-links.ts';
import { locateKey } from './locate-key.ts';

export const removePermissions = handlerOf(operations['keys.removePermissions'], {
  locate: locateKey,
  async act(context, { permissions }, { key }) {
    const { existing, missing } = await resolvePermissions(context, permissions);
    const absent = new Set(missing.map(foldCase));
    const unknown = permissions.find((slug) => absent.has(foldCase(slug)));
    if (unknown !== undefined) {
      return refuse('unkey/data/permission_not_found', `There is no permission '${unknown}'.`);
    }
    const unwanted = new Set(existing.map(({ id }) => id));
    const removed = key.permissions.filter(({ id }) => unwanted.has(id));
    await changeLinks(context, 'detachPermissions', { keyId: key.id, linked: removed });
    return { data: key.permissions.filter(({ id }) => !unwanted.has(id)).map(presentPermission) };
  },
});
