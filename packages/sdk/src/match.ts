import { ResponseValidationError } from './errors.ts';
import type { VerificationCode, VerifyKeyData } from './generated/api.ts';

type Verified<Code extends VerificationCode> = VerifyKeyData & { readonly code: Code };

/** A function for each code, and `_` for the others; `_` may be left out if all codes are there. */
type Cases =
  | { readonly [Code in VerificationCode]: (data: Verified<Code>) => unknown }
  | ({ readonly [Code in VerificationCode]?: (data: Verified<Code>) => unknown } & {
      readonly _: (data: VerifyKeyData) => unknown;
    });

/** A name that is no code is an error. */
type NoOthers<Chosen> = { readonly [Name in Exclude<keyof Chosen, VerificationCode | '_'>]: never };

type ResultOf<Case> = Case extends (...params: never[]) => infer Result ? Result : never;

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
export function match<const Chosen extends Cases>(
  data: VerifyKeyData,
  cases: Chosen & NoOthers<Chosen>,
): ResultOf<Chosen[keyof Chosen]> {
  type Result = ResultOf<Chosen[keyof Chosen]>;
  const byCode = cases as Readonly<Record<string, ((data: VerifyKeyData) => Result) | undefined>>;
  const chosen = (Object.hasOwn(byCode, data.code) && byCode[data.code]) || byCode._;
  if (chosen) return chosen(data);
  throw new ResponseValidationError(
    `No case for the code ${data.code}: add '_' for codes of newer services.`,
  );
}
