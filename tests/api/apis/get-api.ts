import { expect } from 'vitest';
import { otherWorkspace } from '../other-workspace.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite, type World } from '../scenario.ts';

const absent = { status: 404, code: 'unkey/data/api_not_found' } as const;
const newApi = (world: World): Promise<{ apiId: string }> => world.do('apis.createApi', { name: 'Shop ✓' });

export const drops = [];

export default suite('apis.getApi', [
  scenario({
    name: 'an API is returned with id and name, and nothing else',
    arrange: newApi,
    permissions: ['api.*.read_api'],
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    expect: { status: 200 },
    async after(_world, { apiId }, reply) {
      expect(reply.body.data).toEqual({ id: apiId, name: 'Shop ✓' });
    },
  }),
  scenario({
    name: 'the permission for this API suffices',
    arrange: newApi,
    permissions: ({ apiId }) => [`api.${apiId}.read_api`],
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    expect: { status: 200 },
  }),
  scenario({
    name: 'an API that is protected against deletion is readable',
    async arrange(world) {
      const { apiId } = await newApi(world);
      await world.service.app.services.storage.write((store) =>
        store.apis.update(world.workspaceId, apiId, { isProtected: true }),
      );
      return apiId;
    },
    body: (apiId: string) => ({ apiId }),
    expect: { status: 200 },
  }),
  { name: '404 for an id that nothing has', body: { apiId: 'api_does_not_exist' }, expect: absent },
  scenario({
    name: '404 for an API of another workspace',
    arrange: async (world) => (await otherWorkspace(world)).do('apis.createApi', { name: 'theirs' }),
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    expect: absent,
  }),
  scenario({
    name: '404 for a deleted API',
    async arrange(world) {
      const { apiId } = await newApi(world);
      await world.do('apis.getApi', { apiId });
      await world.do('apis.deleteApi', { apiId });
      return apiId;
    },
    body: (apiId: string) => ({ apiId }),
    expect: absent,
  }),
  scenario({
    name: '404 for an id in another case',
    arrange: newApi,
    body: ({ apiId }: { apiId: string }) => ({ apiId: apiId.toUpperCase() }),
    expect: absent,
  }),
  ...denied({
    arrange: newApi,
    body: ({ apiId }: { apiId: string }) => ({ apiId }),
    held: {
      'no permission': () => [],
      '`*`': () => ['*'],
      'the permission for another API': () => ['api.api_12345678.read_api'],
      'the permission to delete it': ({ apiId }) => [`api.${apiId}.delete_api`],
      'the permission to make APIs': () => ['api.*.create_api'],
    },
  }),
  ...denied({ body: { apiId: 'api_does_not_exist' }, held: [['api.api_12345678.read_api']] }),
  ...malformed([
    ['no id', {}, 'body.apiId'],
    ['an empty id', { apiId: '' }, 'body.apiId'],
    ['an id of seven characters', { apiId: 'api_123' }, 'body.apiId'],
    ['an id of 256 characters', { apiId: 'a'.repeat(256) }, 'body.apiId'],
    ['an id with other characters', { apiId: 'api-12345678' }, 'body.apiId'],
    ['an id that ends in a line break', { apiId: 'api_12345678\n' }, 'body.apiId'],
    ['a member that it does not know', { apiId: 'api_12345678', name: 'x' }, 'body.name'],
  ]),
]);
