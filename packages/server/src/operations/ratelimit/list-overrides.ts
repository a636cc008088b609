import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentPage } from '../present.ts';
import { locateNamespace } from './locate-namespace.ts';
import { presentOverride } from './present-override.ts';

export const listOverrides = handlerOf(operations['ratelimit.listOverrides'], {
  locate: locateNamespace,
  async act({ store, workspaceId }, { cursor, limit }, { namespace }) {
    const query = { cursor, limit: limit ?? 10 };
    const page = await store.namespaces.listOverrides(workspaceId, namespace.id, query);
    return { data: page.rows.map(presentOverride), pagination: presentPage(page) };
  },
});
