import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../../../../tests/any-text.ts';
import { holds, parseQuery, type Query } from './query.ts';

function holdsFor(text: string, ...has: string[]): boolean {
  const query = parseQuery(text);
  if (query.kind === 'syntaxError') throw new Error(query.message);
  return holds(query, new Set(has));
}

describe('a query holds', () => {
  test('when its one permission is there, letter by letter', () => {
    expect(holdsFor('documents.read', 'documents.read')).toBe(true);
    expect(holdsFor('documents.read', 'Documents.Read')).toBe(false);
    expect(holdsFor('documents.read', 'documents.*')).toBe(false);
    expect(holdsFor('documents.*', 'documents.read')).toBe(false);
    expect(holdsFor('documents.*', 'documents.*')).toBe(true);
  });

  test('with AND before OR, unless parentheses say otherwise', () => {
    expect(holdsFor('a OR b AND c', 'a')).toBe(true);
    expect(holdsFor('(a OR b) AND c', 'a')).toBe(false);
    expect(holdsFor('(a OR b) AND c', 'b', 'c')).toBe(true);
    expect(holdsFor('a AND b OR c AND d', 'c', 'd')).toBe(true);
    expect(holdsFor('((a)) AND ((b OR (c)))', 'a', 'c')).toBe(true);
  });

  test('with operators in any case and any of the four blanks', () => {
    expect(holdsFor('a and\tb\r\nOr c', 'c')).toBe(true);
    expect(holdsFor('a And(b)', 'a')).toBe(false);
  });

  test('for words that only look like operators', () => {
    for (const word of ['ANDROID', 'ORACLE', 'AND.x', 'or:', 'a/b', '2fa.read', '*', '_', 'ORx', 'o*']) {
      expect(holdsFor(word, word)).toBe(true);
    }
  });
});

describe('a query that cannot be read names the position', () => {
  const faults: [text: string, position: number, message: string][] = [
    ['', 0, 'is blank'],
    [' \t ', 3, 'is blank'],
    ['a AND', 5, 'The query stops'],
    ['a OR ', 5, 'The query stops'],
    ['(', 1, 'The query stops'],
    ['(permission_1 AND permission_2', 30, "A ')' is missing"],
    ['(a b)', 3, "A ')' is missing"],
    ['permission_1 AND ()', 18, 'Nothing stands inside'],
    ['AND permission_1', 0, "'AND' at position 0 stands where"],
    ['a AND OR b', 6, "'OR' at position 6 stands where"],
    [')', 0, "')' at position 0 stands where"],
    ['(a OR )', 6, "')' at position 6 stands where"],
    ['a b', 2, "'b' at position 2 comes after"],
    ['a)', 1, "')' at position 1 comes after"],
    ['a (b)', 2, "'(' at position 2 comes after"],
    ['(a)(b)', 3, "'(' at position 3 comes after"],
    ['role @x', 5, "'@' at position 5 cannot be"],
    ['@', 0, "'@' at position 0 cannot be"],
    ['a AND ü', 6, "'ü' at position 6 cannot be"],
    ['a AND 😀', 6, "'😀' at position 6 cannot be"],
  ];
  test.each(faults)('%j', (text, position, message) => {
    const fault = parseQuery(text);
    expect(fault).toEqual({ kind: 'syntaxError', position, message: expect.stringContaining(message) });
    expect(fault).toMatchObject({ message: expect.stringContaining(`position ${position}`) });
  });
});

test('parentheses of any depth are parsed', () => {
  expect(parseQuery('('.repeat(1000))).toMatchObject({ kind: 'syntaxError', position: 1000 });
  expect(parseQuery('('.repeat(1_000_000))).toMatchObject({ kind: 'syntaxError', position: 1000 });
  expect(holdsFor(`${'('.repeat(499)}a${')'.repeat(499)}`, 'a')).toBe(true);
  expect(holdsFor(`${'(a AND '.repeat(999)}a${')'.repeat(999)}`, 'a')).toBe(true);
});

test('any text is a query or a fault inside the text', () => {
  const text = fc.oneof(
    anyText({ maxLength: 60 }),
    fc
      .array(fc.constantFrom('a', 'b', ' and ', ' OR ', '(', ')', ' ', '@', 'é'), { maxLength: 20 })
      .map((p) => p.join('')),
  );
  fc.assert(
    fc.property(text, (sample) => {
      const result = parseQuery(sample);
      if (result.kind !== 'syntaxError') return;
      expect(result.position).toBeLessThanOrEqual(Buffer.byteLength(sample));
    }),
    { seed: 7, numRuns: 1000 },
  );
});

test('a printed query reads back with the same meaning', () => {
  const { query } = fc.letrec<{ query: Query }>((tie) => ({
    query: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('a', 'b.*', 'c/d', 'android').map((slug): Query => ({ kind: 'permission', slug })),
      fc.record({
        kind: fc.constantFrom('all' as const, 'any' as const),
        of: fc.array(tie('query'), { minLength: 1, maxLength: 3 }),
      }),
    ),
  }));
  fc.assert(
    fc.property(query, fc.subarray(['a', 'b.*', 'c/d', 'android']), (sample, has) => {
      expect(holdsFor(print(sample), ...has)).toBe(holds(sample, new Set(has)));
    }),
    { seed: 7, numRuns: 500 },
  );
});

function print(query: Query): string {
  if (query.kind === 'permission') return query.slug;
  return `(${query.of.map(print).join(query.kind === 'all' ? ' AND ' : ' or ')})`;
}
