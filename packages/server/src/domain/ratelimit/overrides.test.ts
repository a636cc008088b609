import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findOverride, type Override, prepareOverrides } from './overrides.ts';

function override(identifier: string, change: Partial<Override> = {}): Override {
  return { id: `rlor_${identifier}`, identifier, limit: 1, durationMs: 1000, createdAt: 5, ...change };
}

function found(identifier: string, ...list: Override[]): string | undefined {
  return findOverride(prepareOverrides(list), identifier)?.id;
}

function matches(pattern: string, identifier: string): boolean {
  return found(identifier, override(pattern)) !== undefined;
}

describe('the override that wins', () => {
  test('is the one spelled alike, a star included', () => {
    expect(found('user_1', override('user_*'), override('user_1'))).toBe('rlor_user_1');
    expect(found('user_*', override('user_*1*'), override('user_*'), override('*er_*'))).toBe('rlor_user_*');
  });

  test('is the wildcard with most literal characters', () => {
    expect(found('user_premium_1', override('*'), override('user_*'), override('*_premium_*'))).toBe(
      'rlor_*_premium_*',
    );
    expect(found('éa', override('😀*'), override('*'), override('é*a'))).toBe('rlor_é*a');
  });

  test('is the oldest of equally specific ones, then the smaller id', () => {
    const newer = override('a*', { id: 'rlor_1', createdAt: 9 });
    const older = override('*a', { id: 'rlor_2', createdAt: 8 });
    expect(found('aa', newer, older)).toBe('rlor_2');
    expect(found('aa', { ...older, createdAt: 9 }, newer)).toBe('rlor_1');
  });

  test('is none when nothing matches', () => {
    expect(found('other', override('user_*'), override('user_1'))).toBeUndefined();
    expect(found('other')).toBeUndefined();
  });
});

describe('a star', () => {
  test('matches any run of characters, also an empty one, of the whole text', () => {
    expect(matches('a*', 'a')).toBe(true);
    expect(matches('*', '')).toBe(true);
    expect(matches('*@example.com', 'x@example.com')).toBe(true);
    expect(matches('*@example.com', 'x@example.com.org')).toBe(false);
    expect(matches('a*a', 'a')).toBe(false);
    expect(matches('ab*ba', 'aba')).toBe(false);
    expect(matches('a*b*c', 'a-b-b-c')).toBe(true);
    expect(matches('a*b*c', 'a-c-b')).toBe(false);
    expect(matches('**', 'anything')).toBe(true);
  });

  test('leaves every other character literal, with its case', () => {
    expect(matches('a.c*', 'abc')).toBe(false);
    expect(matches('[a]+?(*', '[a]+?(x')).toBe(true);
    expect(matches('User*', 'user1')).toBe(false);
  });

  test('does not reach over a line break', () => {
    for (const lineBreak of ['\n', '\r', '\u2028', '\u2029']) {
      expect(matches('a*b', `a${lineBreak}b`)).toBe(false);
      expect(matches(`*${lineBreak}*`, `a${lineBreak}b`)).toBe(true);
    }
    expect(matches('*\n*', 'a\rb')).toBe(false);
  });
});

test('many wildcards take no backtracking', () => {
  expect(matches(`${'*a'.repeat(250)}*b`, 'a'.repeat(512))).toBe(false);
});

test('every pattern matches as its simplest implementation does', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '*', '\n'), { maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (pattern, identifier) => {
      expect(matches(pattern, identifier)).toBe(matchesPlainly(pattern, identifier));
    }),
    { seed: 5, numRuns: 5000 },
  );
});

function matchesPlainly(pattern: string, text: string): boolean {
  if (pattern === '*' && text === '*') return true;
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern[0] !== '*') return pattern[0] === text[0] && matchesPlainly(rest, text.slice(1));
  return (
    matchesPlainly(rest, text) || (text !== '' && text[0] !== '\n' && matchesPlainly(pattern, text.slice(1)))
  );
}
