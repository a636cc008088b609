import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { integerMax } from './schemas/integer.ts';
import { issuesOf, isValid, validatorOf } from './validate.ts';

const createKey = operations['keys.createKey'].input;
const updateKey = operations['keys.updateKey'].input;
const updateCredits = operations['keys.updateCredits'].input;
const verifyKey = operations['keys.verifyKey'].input;
const multiLimit = operations['ratelimit.multiLimit'].input;
const createIdentity = operations['identities.createIdentity'].input;

function messagesOf(schema: Type.TSchema, value: unknown): Record<string, string> {
  return Object.fromEntries(
    issuesOf(schema, value, 'body').map(({ location, message }) => [location, message]),
  );
}

describe('a place is named as it is written', () => {
  test.each([
    ['a member', { apiId: 1 }, 'body.apiId'],
    ['an item', { apiId: 'api_1', roles: ['a', ''] }, 'body.roles[1]'],
    [
      'a member of an item',
      { apiId: 'api_1', ratelimits: [limitOf({ limit: 0 })] },
      'body.ratelimits[0].limit',
    ],
    ['a missing member', {}, 'body.apiId'],
    ['an unknown member', { apiId: 'api_1', zz: 1 }, 'body.zz'],
    ['a name that is no identifier', { apiId: 'api_1', 'a b': 1 }, 'body["a b"]'],
    ['a name with quotes', { apiId: 'api_1', 'a"b': 1 }, 'body["a\\"b"]'],
    ['an empty name', { apiId: 'api_1', '': 1 }, 'body[""]'],
    ['__proto__', JSON.parse('{"apiId":"api_1","__proto__":{"x":1}}'), 'body.__proto__'],
    ['the body itself', null, 'body'],
  ])('%s', (_, value, location) => {
    expect(issuesOf(createKey, value, 'body').map((issue) => issue.location)).toEqual([location]);
    expect(isValid(createKey, value)).toBe(false);
  });

  test('the root is the caller’s', () => {
    expect(issuesOf(multiLimit, [{}], 'input')[0]?.location).toBe('input[0].namespace');
  });

  test('a very long name is cut', () => {
    const [issue] = issuesOf(createKey, { apiId: 'api_1', ['x'.repeat(5000)]: 1 }, 'body');
    expect(issue?.location.length).toBeLessThan(100);
  });
});

describe('a message says the rule and the value', () => {
  test.each([
    ['required', createKey, {}, 'is required (string)'],
    ['type', createKey, { apiId: 7 }, 'must be a string (is 7)'],
    ['type with null', updateKey, { keyId: 'key_1', expires: true }, 'must be an integer or null (is true)'],
    ['integer', createKey, { apiId: 'api_1', expires: 1.5 }, 'must be an integer (is 1.5)'],
    ['null', createKey, { apiId: null }, 'must be a string (is null)'],
    ['array', createKey, [], 'must be an object (is an array)'],
    ['object', multiLimit, {}, 'must be an array (is an object)'],
    ['boolean', createKey, { apiId: 'api_1', enabled: 0 }, 'must be a boolean (is 0)'],
    ['minLength', createKey, { apiId: 'ab' }, 'must be at least 3 characters (has 2)'],
    [
      'maxLength',
      createKey,
      { apiId: 'api_1', prefix: 'a'.repeat(17) },
      'must be at most 16 characters (has 17)',
    ],
    [
      'minimum',
      createKey,
      { apiId: 'api_1', ratelimits: [limitOf({ duration: 10 })] },
      'must be at least 1000 (is 10)',
    ],
    ['maximum', createKey, { apiId: 'api_1', byteLength: 300 }, 'must be at most 255 (is 300)'],
    ['minItems', multiLimit, [], 'must have at least 1 item (has 0)'],
    ['maxItems', verifyKey, { key: 'k', tags: Array(21).fill('t') }, 'must have at most 20 items (has 21)'],
    [
      'maxProperties',
      createIdentity,
      { externalId: 'u', meta: members(101) },
      'must have at most 100 properties (has 101)',
    ],
    [
      'enum',
      updateCredits,
      { keyId: 'key_1', operation: 'double' },
      'must be one of `set`, `increment`, `decrement`',
    ],
    ['pattern', createKey, { apiId: 'api-1' }, 'may contain only letters a–z and A–Z, digits and `_`'],
    ['additionalProperties', createKey, { apiId: 'api_1', zz: 1 }, 'is not a known property'],
  ])('%s', (_, schema, value, message) => {
    expect(issuesOf(schema, value, 'body').map((issue) => issue.message)).toEqual([message]);
    expect(isValid(schema, value)).toBe(false);
  });

  test('an unknown property comes with the known ones', () => {
    expect(issuesOf(operations['apis.createApi'].input, { name: 'demo', nmae: 'x' }, 'body')).toEqual([
      {
        location: 'body.nmae',
        message: 'is not a known property',
        fix: 'Remove it. Known properties: `name`.',
      },
    ]);
  });

  test('a pattern without words is shown itself', () => {
    expect(messagesOf(Type.String({ pattern: '^x$' }), 'y')).toEqual({ body: 'must match `^x$`' });
  });
});

test('several failures are all told, each place once', () => {
  const value = { prefix: '-'.repeat(20), byteLength: 1, ratelimits: [{ name: 'ab' }], credits: {}, zz: 1 };
  expect(Object.keys(messagesOf(createKey, value))).toEqual([
    'body.apiId',
    'body.prefix',
    'body.byteLength',
    'body.credits.remaining',
    'body.ratelimits[0].limit',
    'body.ratelimits[0].duration',
    'body.ratelimits[0].autoApply',
    'body.ratelimits[0].name',
    'body.zz',
  ]);
  expect(issuesOf(createKey, value, 'body')).toHaveLength(9);
});

test('a hostile body cannot make the list endless', () => {
  expect(issuesOf(createKey, { apiId: 'api_1', permissions: Array(500).fill('') }, 'body')).toHaveLength(100);
});

test('an array that is too long is one issue, whatever it holds', () => {
  expect(messagesOf(verifyKey, { key: 'k', tags: Array(21).fill('') })).toEqual({
    'body.tags': 'must have at most 20 items (has 21)',
  });
});

test('strings are never quoted: they could be secrets', () => {
  const secret = 'sk-live secret!';
  const values = [
    { apiId: secret, prefix: secret, externalId: secret, credits: secret, roles: secret, enabled: secret },
    { apiId: 'api_1', permissions: [secret], credits: { remaining: secret, refill: { interval: secret } } },
  ];
  for (const value of values) {
    const told = JSON.stringify(issuesOf(createKey, value, 'body'));
    expect(told).not.toContain('secret!');
    expect(told).not.toBe('[]');
  }
});

describe('numbers', () => {
  const expiring = (expires: string) => JSON.parse(`{"apiId":"api_1","expires":${expires}}`);
  const limited = (remaining: string) => JSON.parse(`{"apiId":"api_1","credits":{"remaining":${remaining}}}`);

  test.each(['0', '10.0', '1e3', '4102444800000', '-0'])('%s is a time', (text) => {
    expect(messagesOf(createKey, expiring(text))).toEqual({});
    expect(isValid(createKey, expiring(text))).toBe(true);
  });

  test.each(['-1', '0.5', '1e400', '-1e400', '4102444800001'])('%s is no time', (text) => {
    expect(Object.keys(messagesOf(createKey, expiring(text)))).toEqual(['body.expires']);
    expect(isValid(createKey, expiring(text))).toBe(false);
  });

  test('2^53 − 1 is the most where nothing else is', () => {
    expect(messagesOf(createKey, limited('9007199254740991'))).toEqual({});
    expect(messagesOf(createKey, limited('9007199254740992'))).toEqual({
      'body.credits.remaining': `must be at most ${integerMax} (is 9007199254740992)`,
    });
    expect(isValid(createKey, limited('9007199254740993'))).toBe(false);
  });

  test('a number out of range is told as such', () => {
    expect(messagesOf(createKey, expiring('1e400'))).toEqual({
      'body.expires': 'must be an integer (is a number out of range)',
    });
  });

  test('every integer of every request has a least and a most', () => {
    const integers = (node: unknown): object[] => {
      if (typeof node !== 'object' || node === null) return [];
      const own = [Reflect.get(node, 'type')].flat().includes('integer') ? [node] : [];
      return [...own, ...Object.values(node).flatMap(integers)];
    };
    const found = Object.values<Operation>(operations).flatMap(({ input }) => integers(input));
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter((schema) => !('minimum' in schema && 'maximum' in schema))).toEqual([]);
  });
});

test('every list of every request has a most', () => {
  const lists = (node: unknown): object[] => {
    if (typeof node !== 'object' || node === null) return [];
    const own = Reflect.get(node, 'type') === 'array' ? [node] : [];
    return [...own, ...Object.values(node).flatMap(lists)];
  };
  const found = Object.values<Operation>(operations).flatMap(({ input }) => lists(input));
  expect(found.length).toBeGreaterThan(15);
  expect(found.filter((schema) => !('maxItems' in schema))).toEqual([]);
});

describe('lengths count characters, not halves of them', () => {
  test('an emoji is one character', () => {
    const named = (name: string) => ({ apiId: 'api_1', name });
    expect(messagesOf(createKey, named('🦀'.repeat(255)))).toEqual({});
    expect(messagesOf(createKey, named('🦀'.repeat(256)))).toEqual({
      'body.name': 'must be at most 255 characters (has 256)',
    });
    expect(isValid(createKey, named('🦀'.repeat(255)))).toBe(true);
    expect(isValid(createKey, named('🦀'.repeat(256)))).toBe(false);
  });
});

describe('what null and absence mean', () => {
  test('null takes a setting away where that is meant', () => {
    const value = { keyId: 'key_1', name: null, externalId: null, meta: null, expires: null, credits: null };
    expect(messagesOf(updateKey, value)).toEqual({});
    expect(messagesOf(updateKey, { keyId: 'key_1', credits: { remaining: null, refill: null } })).toEqual({});
    expect(messagesOf(updateCredits, { keyId: 'key_1', operation: 'set', value: null })).toEqual({});
  });

  test('null is refused elsewhere', () => {
    const value = { keyId: 'key_1', enabled: null, roles: null, permissions: null, ratelimits: null };
    expect(Object.keys(messagesOf(updateKey, value))).toEqual([
      'body.enabled',
      'body.ratelimits',
      'body.roles',
      'body.permissions',
    ]);
  });
});

describe('members that nobody knows', () => {
  test('are kept out where the contract is closed', () => {
    expect(messagesOf(verifyKey, { key: 'k', apiId: 'api_1' })).toEqual({
      'body.apiId': 'is not a known property',
    });
  });

  test('are let through where it is open', () => {
    expect(
      messagesOf(createIdentity, { externalId: 'u', zz: 1, ratelimits: [{ ...limitOf({}), zz: 1 }] }),
    ).toEqual({});
    expect(messagesOf(operations['keys.rerollKey'].input, { keyId: 'key_1', expiration: 0, zz: 1 })).toEqual(
      {},
    );
    expect(messagesOf(verifyKey, { key: 'k', ratelimits: [{ name: 'abc', zz: 1 }] })).toEqual({});
  });

  test('do not hide behind the names that every object has', () => {
    const value = JSON.parse('{"constructor":1,"toString":1,"hasOwnProperty":1}');
    expect(Object.keys(messagesOf(createKey, value))).toEqual([
      'body.apiId',
      'body.constructor',
      'body.toString',
      'body.hasOwnProperty',
    ]);
  });

  test('metadata may have any names at all', () => {
    const meta = JSON.parse('{"__proto__":1,"constructor":{"prototype":null},"":[]}');
    expect(messagesOf(createIdentity, { externalId: 'u', meta })).toEqual({});
    expect(isValid(createIdentity, { externalId: 'u', meta })).toBe(true);
  });
});

test('a schema is compiled once', () => {
  expect(validatorOf(createKey)).toBe(validatorOf(createKey));
  expect(validatorOf(createKey)).not.toBe(validatorOf(updateKey));
});

test('there are issues exactly when the compiled check says no', () => {
  const inputs = Object.values<Operation>(operations).flatMap(({ input, output, example }) => [
    ...(input === null ? [] : [{ schema: input, sample: example.request }]),
    ...(output === null ? [] : [{ schema: output, sample: example.response }]),
  ]);
  const cases = fc
    .constantFrom(...inputs)
    .chain(({ schema, sample }) => fc.tuple(fc.constant(schema), fc.oneof(fc.jsonValue(), spoiled(sample))));
  fc.assert(
    fc.property(cases, ([schema, value]) => {
      expect(issuesOf(schema, value, 'body').length === 0).toBe(isValid(schema, value));
    }),
    { seed: 20260801, numRuns: 3000 },
  );
});

test('the list of issues knows every keyword that the contract uses', () => {
  const checked = new Set([
    ...[
      'type',
      'enum',
      'minLength',
      'maxLength',
      'pattern',
      'minimum',
      'maximum',
      'items',
      'minItems',
      'maxItems',
    ],
    ...['properties', 'required', 'additionalProperties', 'maxProperties'],
  ]);
  const annotations = new Set(['default', 'description', 'format', 'title', 'x-redact']);
  const keywordsOf = (schema: object): string[] => [
    ...Object.keys(schema),
    ...Object.values(Reflect.get(schema, 'properties') ?? {}).flatMap((it) => keywordsOf(Object(it))),
    ...('items' in schema ? keywordsOf(Object(schema.items)) : []),
  ];
  const used = Object.values<Operation>(operations).flatMap(({ input, output }) =>
    [input, output].flatMap((schema) => (schema === null ? [] : keywordsOf(schema))),
  );
  expect(used.filter((keyword) => !checked.has(keyword) && !annotations.has(keyword))).toEqual([]);
});

function limitOf(changes: object): object {
  return { name: 'requests', limit: 1, duration: 1000, autoApply: false, ...changes };
}

function members(size: number): object {
  return Object.fromEntries(Array.from({ length: size }, (_, index) => [`m${index}`, index]));
}

/** A good value with one thing in it replaced by anything, taken away, or added. */
function spoiled(sample: unknown): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.constantFrom(null, true, 0, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 53, '', 'a b', '🦀', [], {}),
    fc.jsonValue({ maxDepth: 1 }),
  );
  if (typeof sample !== 'object' || sample === null) return fc.oneof(fc.constant(sample), anything);
  const names = Object.keys(sample);
  const changed = names.map((name) =>
    spoiled(Reflect.get(sample, name)).map((value) => withMember(sample, name, value)),
  );
  const removed = names.map((name) => fc.constant(withoutMember(sample, name)));
  const added = fc.tuple(fc.string(), anything).map(([name, value]) => withMember(sample, name, value));
  return fc.oneof(anything, added, ...changed, ...removed);
}

function withMember(sample: object, name: string, value: unknown): object {
  if (Array.isArray(sample)) return Object.assign([...sample], /^\d+$/.test(name) ? { [name]: value } : {});
  return { ...sample, [name]: value };
}

function withoutMember(sample: object, name: string): object {
  if (Array.isArray(sample)) return sample.filter((_, index) => String(index) !== name);
  return Object.fromEntries(Object.entries(sample).filter(([other]) => other !== name));
}
