import { expect } from 'vitest';
import { eventsOf } from '../audit.ts';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/api_not_found' } as const;
const newApi = async (world: World): Promise<string> =>
  (await world.do('apis.createApi', { name: 'short-lived' })).apiId;
const byId = (apiId: string) => ({ apiId });

export const drops = ['api'];

export default suite('apis.deleteApi', [
  scenario({
    name: 'a deleted API is not found any more, and its deletion is audited',
    arrange: newApi,
    permissions: ['api.*.delete_api'],
    body: byId,
    expect: { status: 200 },
    async after(world, apiId, reply) {
      expect(reply.body.data).toEqual({});
      expect((await world.call('apis.getApi', { apiId })).status).toBe(404);
      expect((await world.call('apis.listKeys', { apiId })).status).toBe(404);
      expect((await world.call('keys.createKey', { apiId })).status).toBe(404);
      expect(await eventsOf(world)).toEqual(['api.create', 'api.delete']);
    },
  }),
  scenario({
    name: 'its keys stop working, also those that were verified just before',
    async arrange(world) {
      const apiId = await newApi(world);
      const { keyId, key } = await world.do('keys.createKey', { apiId });
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', keyId });
      return { apiId, key };
    },
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    expect: { status: 200 },
    async after(world, { key }) {
      expect(await world.do('keys.verifyKey', { key })).toEqual({ valid: false, code: 'NOT_FOUND' });
      await world.do('apis.createApi', { name: 'the root key still works' });
    },
  }),
  scenario({
    name: 'the permission for this API suffices',
    arrange: newApi,
    permissions: (apiId) => [`api.${apiId}.delete_api`],
    body: byId,
    expect: { status: 200 },
  }),
  scenario({
    name: 'other APIs stay',
    async arrange(world) {
      return { doomed: await newApi(world), kept: await newApi(world) };
    },
    body: ({ doomed }: { doomed: string }) => ({ apiId: doomed }),
    expect: { status: 200 },
    async after(world, { kept }) {
      await world.do('apis.getApi', { apiId: kept });
    },
  }),
  scenario({
    name: '404 the second time, and the third',
    async arrange(world) {
      const apiId = await newApi(world);
      await world.do('apis.deleteApi', { apiId });
      return apiId;
    },
    body: byId,
    expect: absent,
    async after(world, apiId) {
      expect((await world.call('apis.deleteApi', { apiId })).status).toBe(404);
      expect(await eventsOf(world)).toEqual(['api.create', 'api.delete']);
    },
  }),
  { name: '404 for an id that nothing has', body: { apiId: 'api_does_not_exist' }, expect: absent },
  scenario({
    name: '404 for an API of another workspace, which is unchanged',
    async arrange(world) {
      const other = await otherWorkspace(world);
      const { apiId } = await other.do('apis.createApi', { name: 'theirs' });
      return { apiId, other };
    },
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    expect: absent,
    async after(_world, { apiId, other }) {
      await other.do('apis.getApi', { apiId });
    },
  }),
  scenario({
    name: '412 for a protected API, which can be deleted after its protection ends',
    async arrange(world) {
      const apiId = await newApi(world);
      await setProtected(world, apiId, true);
      return apiId;
    },
    body: byId,
    expect: { status: 412, code: 'unkey/application/protected_resource' },
    async after(world, apiId, reply) {
      expect(reply.body.error.title).toBe('Resource is protected');
      await world.do('apis.getApi', { apiId });
      await setProtected(world, apiId, false);
      await world.do('apis.deleteApi', { apiId });
    },
  }),
  ...denied({
    arrange: newApi,
    body: byId,
    held: {
      'no permission': () => [],
      'the permission to read it': (apiId) => [`api.${apiId}.read_api`],
      'the permission for another API': () => ['api.api_12345678.delete_api'],
    },
  }),
  ...denied({ body: { apiId: 'api_does_not_exist' }, held: [['api.*.read_api']] }),
  ...malformed([
    ['no id', {}, 'body.apiId'],
    ['an id that is too short', { apiId: 'api_123' }, 'body.apiId'],
    ['a member that it does not know', { apiId: 'api_12345678', force: true }, 'body.force'],
  ]),
]);

async function setProtected(world: World, apiId: string, isProtected: boolean): Promise<void> {
  await world.service.app.services.storage.write((store) =>
    store.apis.update(world.workspaceId, apiId, { isProtected }),
  );
}
