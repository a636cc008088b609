/** Types of the client that are narrower than the JSON Schemas of the contract. */

/** One form of an object: the types of the members that distinguish it from the other forms. */
export interface Variant {
  readonly name: string;
  readonly description: string;
  /** `undefined` as a type: the member must be absent. */
  readonly members: Readonly<Record<string, string>>;
}

export interface Variants {
  /** Name of the interface with the members that all variants share. Absent: they share none. */
  readonly base?: string;
  readonly variants: readonly Variant[];
}

/** Types that are a union of variants, by their name. */
export const variantsOf: Readonly<Record<string, Variants>> = {
  VerifyKeyData: {
    base: 'Verification',
    variants: [
      {
        name: 'ValidKey',
        description: 'A verification of a valid key.',
        members: { valid: 'true', code: "'VALID'", keyId: 'string' },
      },
      {
        name: 'RefusedKey',
        description: 'A verification of a key that exists and may not be used.',
        members: {
          valid: 'false',
          code: "Exclude<VerificationCode, 'VALID' | 'NOT_FOUND'>",
          keyId: 'string',
        },
      },
      {
        name: 'UnknownKey',
        description: 'A verification of a key that does not exist, or that the root key may not verify.',
        members: { valid: 'false', code: "'NOT_FOUND'", keyId: 'undefined' },
      },
    ],
  },
  UpdateCreditsRequest: {
    base: 'CreditsOfKey',
    variants: [
      {
        name: 'SetCreditsRequest',
        description: 'Sets the credits of a key. Without a value: unlimited.',
        members: { operation: "'set'", value: 'number | null | undefined' },
      },
      {
        name: 'ChangeCreditsRequest',
        description: 'Changes the credits of a key by an amount.',
        members: { operation: "'increment' | 'decrement'", value: 'number' },
      },
    ],
  },
  CreditsUpdate: {
    variants: [
      {
        name: 'LimitedCreditsUpdate',
        description: 'Credits that are limited.',
        members: { remaining: 'number | undefined', refill: 'CreditsRefillRequest | null | undefined' },
      },
      {
        name: 'UnlimitedCreditsUpdate',
        description: 'Makes the key unlimited and removes its refill.',
        members: { remaining: 'null', refill: 'null | undefined' },
      },
    ],
  },
  CreditsRequest: {
    variants: [
      {
        name: 'LimitedCreditsRequest',
        description: 'Credits that are limited.',
        members: { remaining: 'number', refill: 'CreditsRefillRequest | undefined' },
      },
      {
        name: 'UnlimitedCreditsRequest',
        description: 'Unlimited credits, which cannot be refilled.',
        members: { remaining: 'null', refill: 'undefined' },
      },
    ],
  },
  CreditsRefillRequest: {
    base: 'RefillAmount',
    variants: [
      {
        name: 'DailyRefill',
        description: 'Refills the credits every day.',
        members: { interval: "'daily'", refillDay: 'undefined' },
      },
      {
        name: 'MonthlyRefill',
        description: 'Refills the credits once a month.',
        members: { interval: "'monthly'", refillDay: 'number' },
      },
    ],
  },
};

/** Type parameters, by the type that has them. */
export const typeParametersOf: Readonly<Record<string, string>> = {
  VerifyKeyRequest: '<Query extends string = string>',
};

/** Values of a response to which a newer service may add, but whose type is closed: programs compare them. */
export const closedChoices: ReadonlySet<string> = new Set(['VerificationCode']);

/** The type of a member for which an application may register a narrower one; undefined: what the schema says. */
export function registeredType(
  typeName: string,
  member: string,
  direction: 'request' | 'response',
): string | undefined {
  if (member === 'meta') return /Identit/.test(typeName) ? 'IdentityMeta' : 'KeyMeta';
  if (direction === 'response') return undefined;
  if (typeName === 'VerifyKeyRequest' && member === 'permissions') return 'CheckedQuery<Query>';
  if (member === 'permissions') return 'readonly PermissionSlug[]';
  if (member === 'name' && /^(VerifyKeyRatelimit|RatelimitRequest)$/.test(typeName)) return 'LimitName';
  return undefined;
}
