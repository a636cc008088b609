import { ResponseValidationError } from './errors.ts';
import type { VerificationCode, VerifyKeyData } from './generated/api.ts';

type Verified<Code extends VerificationCode> = VerifyKeyData & { readonly code: Code };

/** A function for each code, and `_` for the others; `_` may be left out if all codes are there. */
type Cases<Result> =
  | { readonly [Code in VerificationCode]: (data: Verified<Code>) => Result }
  | ({ readonly [Code in VerificationCode]?: (data: Verified<Code>) => Result } & {
      readonly _: (data: VerifyKeyData) => Result;
    });

/**
 * Calls the function for the code of a verification and returns its result.
 *
 * @example
 * return match(data, {
 *   VALID: ({ keyId }) => serve(keyId),
 *   RATE_LIMITED: () => tooManyRequests(),
 *   _: ({ code }) => forbidden(code),
 * });
 *
 * @throws {ResponseValidationError} if the service is newer and sent a code for which there is no function.
 */
export function match<Result>(data: VerifyKeyData, cases: Cases<Result>): Result {
  const byCode = cases as Readonly<Record<string, ((data: VerifyKeyData) => Result) | undefined>>;
  const chosen = (Object.hasOwn(byCode, data.code) && byCode[data.code]) || byCode._;
  if (chosen) return chosen(data);
  throw new ResponseValidationError(
    `No case for the code ${data.code}: add '_' for codes of newer services.`,
  );
}
