import { verificationCodes } from '@unkey-ts/contract';
import { expect, expectTypeOf, test } from 'vitest';
import { ResponseValidationError } from './errors.ts';
import type { VerificationCode, VerifyKeyData } from './generated/api.ts';
import { match } from './match.ts';

const valid: VerifyKeyData = { valid: true, code: 'VALID', keyId: 'key_docs' };
const limited: VerifyKeyData = { valid: false, code: 'RATE_LIMITED', keyId: 'key_docs' };
const unknown: VerifyKeyData = { valid: false, code: 'NOT_FOUND' };
// A newer service may send a code that the types do not have.
const newer = { valid: false, code: 'A_NEWER_CODE', keyId: 'key_docs' } as unknown as VerifyKeyData;

test('the function of the code is called with the verification', () => {
  const cases = {
    VALID: ({ keyId }: { keyId: string }) => keyId,
    NOT_FOUND: () => null,
    _: ({ code }: VerifyKeyData) => code.length,
  };
  expect(match(valid, cases)).toBe('key_docs');
  expect(match(unknown, cases)).toBe(null);
  expect(match(limited, cases)).toBe('RATE_LIMITED'.length);
  expect(match(newer, cases)).toBe('A_NEWER_CODE'.length);
});

test('without a function for a newer code it says what to add', () => {
  const all = Object.fromEntries(verificationCodes.map((code) => [code, () => code])) as Record<
    VerificationCode,
    () => string
  >;
  expect(match(limited, all)).toBe('RATE_LIMITED');
  expect(() => match(newer, all)).toThrow(ResponseValidationError);
  expect(() => match(newer, all)).toThrow("No case for the code A_NEWER_CODE: add '_'");
});

test.each(['constructor', 'toString', '__proto__'])('a code %s is no member of every object', (code) => {
  const data = { ...limited, code } as unknown as VerifyKeyData;
  expect(match(data, { _: () => 'other' })).toBe('other');
});

test('the code narrows the verification, and the results are a union', () => {
  const result = match(valid, { VALID: ({ keyId }) => keyId, NOT_FOUND: ({ code }) => code, _: () => 1 });
  expectTypeOf(result).toEqualTypeOf<string | number>();
  // @ts-expect-error most codes have no function
  expect(match(valid, { VALID: () => 1 })).toBe(1);
  // @ts-expect-error a code that does not exist
  expect(match(valid, { RATELIMITED: () => 1, _: () => 2 })).toBe(2);
});

test('`valid` and `code` narrow a verification', () => {
  const data = valid as VerifyKeyData;
  if (data.valid) {
    expectTypeOf(data.keyId).toEqualTypeOf<string>();
    expectTypeOf(data.code).toEqualTypeOf<'VALID'>();
  } else if (data.code === 'NOT_FOUND') expectTypeOf(data.keyId).toEqualTypeOf<undefined>();
  else expectTypeOf(data.keyId).toEqualTypeOf<string>();
  // @ts-expect-error a misspelt code
  expect(data.code === 'RATELIMITED').toBe(false);
});
