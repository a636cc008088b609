import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../../../tests/any-text.ts';
import {
  decidedQueries,
  malformedQueries,
  queriesOfWrongLength,
} from '../../../../tests/permission-queries.ts';
import { holds, parseQuery } from '../../../server/src/domain/permissions/query.ts';
import { and, hasPermissions, or, PermissionQueryError, parsePermissions, permission } from './index.ts';

function faultOf(act: () => unknown): PermissionQueryError {
  try {
    act();
  } catch (error) {
    if (error instanceof PermissionQueryError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('the shared cases', () => {
  test.each(decidedQueries)('$query for $held: $holds', ({ query, held, holds: expected }) => {
    expect(hasPermissions(query, held)).toBe(expected);
    expect(parsePermissions(query).evaluate(new Set(held))).toBe(expected);
    expect(serviceHolds(query, held)).toBe(expected);
  });

  test.each(malformedQueries)('$query stops at $position', ({ query, position }) => {
    const fault = faultOf(() => hasPermissions(query, ['a', 'b']));
    expect(fault).toMatchObject({ name: 'PermissionQueryError', query, position });
    expect(parseQuery(query)).toMatchObject({ kind: 'syntaxError', position, message: fault.message });
  });

  test.each(queriesOfWrongLength)('a wrong length is refused: %#', (query) => {
    expect(faultOf(() => parsePermissions(query)).query).toBe(query);
  });
});

describe('what is held', () => {
  test('is any collection, or nothing', () => {
    function* slugs() {
      yield 'a';
      yield 'b';
    }
    expect(hasPermissions('a AND b', slugs())).toBe(true);
    expect(hasPermissions('a AND b', new Map([['a', 1]]).keys())).toBe(false);
    expect(hasPermissions('a', undefined)).toBe(false);
  });

  test('is read lazily', () => {
    const query = parsePermissions('a AND b');
    const held = new Set(['a']);
    expect(query.evaluate(held)).toBe(false);
    held.add('b');
    expect(query.evaluate(held)).toBe(true);
    expect(query.query).toBe('a AND b');
  });

  test('is never one string, which would be its letters', () => {
    // @ts-expect-error a string is refused by the compiler as well
    expect(() => hasPermissions('a', 'cat')).toThrow(TypeError);
  });
});

describe('a query that is built', () => {
  test('keeps the meaning of its parts', () => {
    expect(and('a', 'b', 'c')).toBe('a AND b AND c');
    expect(or('a AND b', 'c')).toBe('a AND b OR c');
    expect(and('a OR b', 'c AND d')).toBe('(a OR b) AND c AND d');
    expect(and('a')).toBe('a');
    expect(or('a', and('b', or('c', 'd')))).toBe('a OR b AND (c OR d)');
  });

  test.each(['', ' a', 'a b', 'a OR b', '(a)', 'and', 'OR', 'a"', 'ü', 'a\n', 'a'.repeat(1001)])(
    'cannot name the slug %j',
    (slug) => {
      expect(faultOf(() => and(permission(slug), 'b')).query).toBe(slug);
    },
  );

  test.each(['a', 'documents.*', '2fa:read_all-keys/x', 'android'])('names the slug %s', (slug) => {
    expect(permission(slug)).toBe(slug);
    expect(hasPermissions(permission(slug), [slug])).toBe(true);
  });

  test('has at least one part, complete parts, and at most the length that the service accepts', () => {
    for (const build of [and, or]) {
      expect(faultOf(() => build())).toMatchObject({ position: 0 });
      expect(faultOf(() => build('a) OR (b', 'c'))).toMatchObject({ query: 'a) OR (b', position: 1 });
      expect(faultOf(() => build('a', ''))).toMatchObject({ query: '', position: 0 });
      expect(faultOf(() => build('a'.repeat(600), 'b'.repeat(600)))).toMatchObject({ position: 1000 });
    }
  });
});

const word = fc.constantFrom('a', 'b', 'c.*', 'd:e', 'android', 'A');
const token = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 4, arbitrary: fc.constantFrom(' AND ', ' or ', '\tAnd\n', ' OR') },
  { weight: 3, arbitrary: fc.constantFrom('(', ')') },
  { weight: 1, arbitrary: fc.constantFrom(' ', '@', 'é', '\u00a0', '"') },
);
const anyQuery = fc.oneof(
  fc.array(token, { maxLength: 16 }).map((tokens) => tokens.join('')),
  anyText({ maxLength: 30 }),
);
const wellFormed = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.tuple(tie('query'), tie('query')).map(([left, right]) => `${left} AND ${right}`),
    fc.tuple(tie('query'), tie('query')).map(([left, right]) => `${left} or ${right}`),
    tie('query').map((inner) => `( ${inner})`),
  ),
})).query;
const heldWords = fc.subarray(['a', 'b', 'c.*', 'd:e', 'android', 'A', 'c.d']);

test('client and service decide every query alike, malformed ones included', () => {
  fc.assert(
    fc.property(fc.oneof(anyQuery, wellFormed), heldWords, (query, held) => {
      expect(clientResult(query, held)).toEqual(serviceResult(query, held));
    }),
    { seed: 3, numRuns: 3000 },
  );
});

test('what and, or and permission build means what it says', () => {
  fc.assert(
    fc.property(fc.array(wellFormed, { minLength: 1, maxLength: 3 }), heldWords, (queries, held) => {
      const results = queries.map((query) => serviceHolds(query, held));
      expect(serviceHolds(and(...queries), held)).toBe(results.every(Boolean));
      expect(serviceHolds(or(...queries), held)).toBe(results.some(Boolean));
    }),
    { seed: 3, numRuns: 1000 },
  );
});

function serviceHolds(query: string, held: readonly string[]): boolean {
  const parsed = parseQuery(query);
  if (parsed.kind === 'syntaxError') throw new Error(parsed.message);
  return holds(parsed, new Set(held));
}

interface Fault {
  readonly position: number;
  readonly message: string;
}

function serviceResult(query: string, held: readonly string[]): boolean | Fault {
  const parsed = parseQuery(query);
  if (parsed.kind !== 'syntaxError') return holds(parsed, new Set(held));
  return { position: parsed.position, message: parsed.message };
}

function clientResult(query: string, held: readonly string[]): boolean | Fault {
  try {
    return hasPermissions(query, held);
  } catch (error) {
    if (!(error instanceof PermissionQueryError)) throw error;
    return { position: error.position, message: error.message };
  }
}
