import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';

export const createApi = handlerOf(operations['apis.createApi'], {
  locate: locateNothing,
  async act({ store, workspaceId, services, now, audit }, { name }) {
    const id = services.ids.id('api');
    await store.apis.create(workspaceId, {
      id,
      name,
      keyspaceId: services.ids.id('ks'),
      allowedIps: null,
      isProtected: false,
      defaultPrefix: null,
      defaultByteLength: null,
      createdAt: now,
    });
    audit('api.create', { display: `Created API ${id}`, resources: [{ type: 'api', id, name }] });
    return { data: { apiId: id } };
  },
});
