import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentIdentity, presentPage } from '../present.ts';

export const listIdentities = handlerOf(operations['identities.listIdentities'], {
  // The permission concerns the identities of the page, so the page is read first; an empty page needs none.
  async locate({ store, workspaceId }, { cursor, limit = 100, search }) {
    const page = await store.identities.list(workspaceId, { cursor, limit, search });
    return { scope: page.rows.map(({ id }) => ({ identityId: id })), page };
  },
  act: (_context, _input, { page }) => ({
    data: page.rows.map(presentIdentity),
    pagination: presentPage(page),
  }),
});
