import { integerMax } from '@unkey-ts/contract';
import { expect } from 'vitest';
import { concurrently, type MadeKey, makeKey, recordsOfCall } from '../arrange-keys.ts';
import { keyNotFound, keyOperationCases } from '../key-cases.ts';
import { malformed } from '../refusals.ts';
import { type Scenario, scenario, suite } from '../scenario.ts';

const monthly = { interval: 'monthly', amount: 100, refillDay: 28 };

/** Changes the credits of a key; the response and getKey show the expected ones. */
function changed(name: string, credits: object | undefined, change: object, expected: object): Scenario {
  return scenario({
    name,
    arrange: (world) => makeKey(world, credits && { credits }),
    body: ({ keyId }: MadeKey) => ({ keyId, ...change }),
    expect: { status: 200 },
    async after(world, { keyId }, reply) {
      expect(reply.body.data).toEqual(expected);
      const shown = await world.do('keys.getKey', { keyId });
      const isUnlimited = 'remaining' in expected && expected.remaining === null;
      expect(shown.credits).toEqual(isUnlimited ? undefined : expected);
      expect(shown).not.toHaveProperty('updatedAt');
    },
  });
}

/** The change is refused, and the credits are unchanged. */
function refused(what: string, credits: object | undefined, change: object): Scenario {
  return scenario({
    name: `400 for ${what}, and the credits are unchanged`,
    arrange: (world) => makeKey(world, credits && { credits }),
    body: ({ keyId }: MadeKey) => ({ keyId, ...change }),
    expect: { status: 400, code: 'unkey/application/invalid_input' },
    async after(world, { keyId }) {
      expect((await world.do('keys.getKey', { keyId })).credits).toEqual(credits);
      expect(await recordsOfCall(world)).toEqual([]);
    },
  });
}

const set = (value?: number | null) => ({ operation: 'set', ...(value !== undefined && { value }) });
const increment = (value?: number | null) => ({ ...set(value), operation: 'increment' });
const decrement = (value?: number | null) => ({ ...set(value), operation: 'decrement' });

export const drops = ['key'];

export default suite('keys.updateCredits', [
  changed('`set` sets, and the refill stays', { remaining: 5, refill: monthly }, set(12), {
    remaining: 12,
    refill: monthly,
  }),
  changed('`set` to 0 is not unlimited', { remaining: 5 }, set(0), { remaining: 0 }),
  changed('`set` limits an unlimited key', undefined, set(7), { remaining: 7 }),
  changed('`set` with null makes the key unlimited', { remaining: 5, refill: monthly }, set(null), {
    remaining: null,
  }),
  changed('`set` without value makes the key unlimited', { remaining: 5, refill: monthly }, set(), {
    remaining: null,
  }),
  changed('`set` goes up to 2^53 − 1', { remaining: 5 }, set(integerMax), { remaining: integerMax }),
  changed('`increment` adds', { remaining: 5, refill: monthly }, increment(3), {
    remaining: 8,
    refill: monthly,
  }),
  changed('`increment` by 0 changes nothing', { remaining: 5 }, increment(0), { remaining: 5 }),
  changed('`decrement` subtracts', { remaining: 5, refill: monthly }, decrement(3), {
    remaining: 2,
    refill: monthly,
  }),
  changed('`decrement` stops at 0', { remaining: 5 }, decrement(6), { remaining: 0 }),
  ...[set(null), set()].map((change) =>
    scenario({
      name: `a refill is removed for good after ${JSON.stringify(change)}`,
      arrange: (world) => makeKey(world, { credits: { remaining: 5, refill: monthly } }),
      body: ({ keyId }: MadeKey) => ({ keyId, ...change }),
      expect: { status: 200, data: { remaining: null } },
      async after(world, { keyId }) {
        expect(await world.do('keys.updateCredits', { keyId, ...set(9) })).toEqual({ remaining: 9 });
      },
    }),
  ),
  scenario({
    name: 'a change is audited, and the next verification starts from it',
    async arrange(world) {
      const made = await makeKey(world, { credits: { remaining: 1 } });
      await world.do('keys.verifyKey', { key: made.key });
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, ...set(50) }),
    expect: { status: 200, data: { remaining: 50 } },
    async after(world, { keyId, key, keyspaceId }) {
      expect(await recordsOfCall(world)).toMatchObject([
        {
          event: 'key.update',
          display: expect.stringContaining('50'),
          resources: [
            { type: 'keySpace', id: keyspaceId },
            { type: 'key', id: keyId },
          ],
        },
      ]);
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'VALID', credits: 49 });
    },
  }),
  scenario({
    name: 'a key that was verified while unlimited is limited from the next verification on',
    async arrange(world) {
      const made = await makeKey(world);
      await world.do('keys.verifyKey', { key: made.key });
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, ...set(0) }),
    expect: { status: 200 },
    async after(world, { keyId, key }) {
      expect(await world.do('keys.verifyKey', { key })).toMatchObject({ code: 'USAGE_EXCEEDED', credits: 0 });
      await world.do('keys.updateCredits', { keyId, operation: 'set' });
      expect(await world.do('keys.verifyKey', { key })).not.toHaveProperty('credits');
    },
  }),
  scenario({
    name: 'a due refill is applied before the change',
    async arrange(world) {
      const made = await makeKey(world, {
        credits: { remaining: 1, refill: { interval: 'daily', amount: 10 } },
      });
      world.clock.advance(86_400_000);
      return made;
    },
    body: ({ keyId }: MadeKey) => ({ keyId, ...increment(5) }),
    expect: { status: 200, data: { remaining: 15 } },
  }),
  scenario({
    name: 'changes and spends at once all count',
    arrange: (world) => makeKey(world, { credits: { remaining: 100 } }),
    body: ({ keyId }: MadeKey) => ({ keyId, ...increment(0) }),
    expect: { status: 200 },
    async after(world, { keyId, key }) {
      await concurrently(20, (index) =>
        index % 2 === 0
          ? world.do('keys.updateCredits', { keyId, ...increment(10) })
          : world.do('keys.verifyKey', { key, credits: { cost: 3 } }),
      );
      expect(await world.do('keys.getKey', { keyId })).toMatchObject({ credits: { remaining: 170 } });
    },
  }),
  refused('`increment` without value', { remaining: 5 }, increment()),
  refused('`increment` by null', { remaining: 5 }, increment(null)),
  refused('`decrement` without value', { remaining: 5 }, decrement()),
  refused('`increment` of an unlimited key', undefined, increment(1)),
  refused('`decrement` of an unlimited key', undefined, decrement(1)),
  refused('`increment` beyond 2^53 − 1', { remaining: integerMax }, increment(1)),
  {
    name: '404, not 400, for a missing value on a key that does not exist',
    body: { keyId: 'key_doesNotExist', operation: 'increment' },
    expect: keyNotFound,
  },
  scenario({
    name: '403, not 400, for a missing value without the permission',
    arrange: makeKey,
    permissions: ['api.*.read_key'],
    body: ({ keyId }: MadeKey) => ({ keyId, operation: 'increment' }),
    expect: { status: 403, code: 'unkey/authorization/insufficient_permissions' },
  }),
  {
    name: '404 for a keyId of characters that no id has',
    body: { keyId: 'key-ü', ...set(1) },
    expect: keyNotFound,
  },
  ...keyOperationCases({
    body: (keyId) => ({ keyId, ...set(12) }),
    action: 'update_key',
    otherAction: 'create_key',
  }),
  ...malformed([
    ['no operation', { keyId: 'key_12345678', value: 1 }, 'body.operation'],
    ['an unknown operation', { keyId: 'key_12345678', operation: 'double' }, 'body.operation'],
    ['a negative value', { keyId: 'key_12345678', ...set(-1) }, 'body.value'],
    ['a value with a fraction', { keyId: 'key_12345678', ...set(1.5) }, 'body.value'],
    [
      'a value above 2^53 − 1',
      '{"keyId":"key_1234","operation":"set","value":9223372036854775807}',
      'body.value',
    ],
    ['a value that is a text', { keyId: 'key_12345678', operation: 'set', value: '5' }, 'body.value'],
    ['a member that it does not know', { keyId: 'key_12345678', ...set(1), amount: 1 }, 'body.amount'],
  ]),
]);
