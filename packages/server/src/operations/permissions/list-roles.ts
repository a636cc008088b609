import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { presentPage, presentRole } from '../present.ts';

export const listRoles = handlerOf(operations['permissions.listRoles'], {
  locate: locateNothing,
  async act({ store, workspaceId }, { cursor, limit = 100, search }) {
    const page = await store.roles.list(workspaceId, { cursor, limit, search });
    return { data: page.rows.map(presentRole), pagination: presentPage(page) };
  },
});
