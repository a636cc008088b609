import { expect } from 'vitest';
import { scenario, suite } from '../scenario.ts';

export default suite('apis.createApi', [
  scenario({
    name: 'an API gets an id, is found by it, and its creation is audited',
    body: { name: 'payment-service' },
    expect: { status: 200, data: { apiId: expect.stringMatching(/^api_/) } },
    async after(world, _vars, reply) {
      const { apiId } = reply.body.data;
      expect(await world.do('apis.getApi', { apiId })).toEqual({ id: apiId, name: 'payment-service' });
    },
  }),
  {
    name: '403 without its permission',
    permissions: ['api.*.read_api'],
    body: { name: 'abc' },
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
  },
  {
    name: '400 for a name of two characters',
    body: { name: 'ab' },
    expect: { status: 400, code: 'unkey/application/invalid_input', locations: ['body.name'] },
  },
]);
