import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { presentPage, presentPermission } from '../present.ts';

export const listPermissions = handlerOf(operations['permissions.listPermissions'], {
  locate: locateNothing,
  async act({ store, workspaceId }, { cursor, limit = 100, search }) {
    const page = await store.permissions.list(workspaceId, { cursor, limit, search });
    return { data: page.rows.map(presentPermission), pagination: presentPage(page) };
  },
});
