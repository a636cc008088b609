import { expect } from 'vitest';
import { auditOf } from '../audit.ts';
import { denied, malformed } from '../refusals.ts';
import { scenario, suite } from '../scenario.ts';

const names = {
  'of 69 characters': 'n'.repeat(69),
  'that looks like an id': 'api_1234567890',
  'with spaces at its ends': '  spaced  ',
  'of 256 emoji': '🔑'.repeat(256),
  'of three emoji': '🔑🔑🔑',
  'of characters that HTML escapes': '<b>&"\'</b>',
  'in Arabic': 'واجهة برمجة',
};

export const drops = [];

export default suite('apis.createApi', [
  scenario({
    name: 'an API gets an id, is found by it, and its creation is audited',
    body: { name: 'payment-service' },
    expect: { status: 200, data: { apiId: expect.stringMatching(/^api_/) } },
    async after(world, _vars, reply) {
      const { apiId } = reply.body.data;
      expect(reply.body.data).toEqual({ apiId });
      expect(await world.do('apis.getApi', { apiId })).toEqual({ id: apiId, name: 'payment-service' });
      const [record, ...others] = await auditOf(world);
      expect(others).toEqual([]);
      expect(record).toMatchObject({
        event: 'api.create',
        actor: { type: 'rootkey' },
        resources: [{ type: 'api', id: apiId }],
        correlationId: null,
      });
    },
  }),
  scenario({
    name: 'every call creates another API, whatever its name',
    async arrange(world) {
      const made = [];
      for (let count = 0; count < 3; count++) made.push(await world.do('apis.createApi', { name: 'same' }));
      return made.map(({ apiId }) => apiId);
    },
    body: { name: 'same' },
    expect: { status: 200 },
    async after(_world, ids, reply) {
      expect(new Set([...ids, reply.body.data.apiId]).size).toBe(4);
    },
  }),
  ...Object.entries(names).map(([what, name]) =>
    scenario({
      name: `a name ${what} is stored unchanged`,
      body: { name },
      expect: { status: 200 },
      async after(world, _vars, reply) {
        const { apiId } = reply.body.data;
        expect(await world.do('apis.getApi', { apiId })).toEqual({ id: apiId, name });
      },
    }),
  ),
  {
    name: 'its permission suffices, among others',
    permissions: ['identity.*.read_identity', 'api.*.create_api'],
    body: { name: 'abc' },
    expect: { status: 200 },
  },
  ...denied({
    body: { name: 'abc' },
    held: [
      [],
      ['api.*.read_api'],
      ['identity.*.create_identity'],
      ['*'],
      ['api.*'],
      ['API.*.CREATE_API'],
      ['api.api_12345678.create_api'],
    ],
  }),
  ...malformed([
    ['a name of two characters', { name: 'ab' }, 'body.name'],
    ['an empty name', { name: '' }, 'body.name'],
    ['a name of 257 characters', { name: 'n'.repeat(257) }, 'body.name'],
    ['no name', {}, 'body.name'],
    ['a name that is null', { name: null }, 'body.name'],
    ['a name that is a number', { name: 123 }, 'body.name'],
    ['a member that it does not know', { name: 'abc', owner: 'me' }, 'body.owner'],
    ['a body that is null', null, 'body'],
    ['a body that is an array', [], 'body'],
    ['a body that breaks off', '{"name":"abc"', 'body'],
  ]),
]);
