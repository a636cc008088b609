import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentPage } from '../present.ts';
import { locateNamespace } from './locate-namespace.ts';
import { presentOverride } from './present-override.ts';

export const listOverrides = handlerOf(operations['ratelimit.listOverrides'], {
  locate: locateNamespace,
  async act({ store, workspaceId }, { cursor, limit = 10 }, { namespace }) {
    const page = await store.namespaces.listOverrides(workspaceId, namespace.id, { cursor, limit });
    return { data: page.rows.map(presentOverride), pagination: presentPage(page) };
  },
});
