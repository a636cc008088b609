import Type, { type Static } from 'typebox';
import { operation } from '../operation.ts';
import { choice } from '../schemas/choice.ts';
import { identity } from '../schemas/identity.ts';
import { wholeNumber, wholeNumberOut } from '../schemas/integer.ts';
import { keySecret } from '../schemas/key.ts';
import { metadataOut } from '../schemas/metadata.ts';
import type { Issue } from '../validate.ts';
import { onKey } from './key-access.ts';

/** What a verification can say. Only `VALID` lets the caller in. */
export const verificationCodes = [
  'VALID',
  'NOT_FOUND',
  'FORBIDDEN',
  'INSUFFICIENT_PERMISSIONS',
  'USAGE_EXCEEDED',
  'RATE_LIMITED',
  'DISABLED',
  'EXPIRED',
] as const;

export type VerificationCode = (typeof verificationCodes)[number];

const creditsToTake = Type.Object(
  {
    cost: wholeNumber({
      minimum: 0,
      maximum: 1_000_000_000_000,
      description: 'Credits that this verification takes. 0 takes none.',
    }),
  },
  {
    title: 'KeysVerifyKeyCredits',
    additionalProperties: false,
    description: 'How many credits to take from a key that has a limited number. Default: 1.',
  },
);

const limitToApply = Type.Object(
  {
    name: Type.String({
      minLength: 3,
      maxLength: 255,
      description:
        'Name of a limit of the key or its identity, or of your own if you give `limit` and `duration`.',
    }),
    cost: Type.Optional(
      wholeNumber({
        minimum: 0,
        default: 1,
        description: 'How much this verification takes. 0 looks without taking. Default 1.',
      }),
    ),
    limit: Type.Optional(
      wholeNumber({
        minimum: 0,
        description:
          'What may be taken within one window; 0 lets nothing through. Ignored without `duration`.',
      }),
    ),
    duration: Type.Optional(
      wholeNumber({
        minimum: 0,
        description: 'Length of the window in milliseconds, at least 1000. Ignored without `limit`.',
      }),
    ),
  },
  { title: 'KeysVerifyKeyRatelimit', description: 'A limit to count this verification against.' },
);

const appliedLimit = Type.Object(
  {
    exceeded: Type.Boolean({ description: 'Whether this limit denied the verification.' }),
    id: Type.String({
      maxLength: 255,
      pattern: '^(rl_[a-zA-Z0-9_]+)?$',
      description: 'Id of the limit, `rl_…`; empty for one that the request defined itself.',
    }),
    name: Type.String({ minLength: 1, maxLength: 255, description: 'Name of the limit.' }),
    limit: wholeNumberOut({ minimum: 0, description: 'What may be taken within one window.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    reset: wholeNumberOut({ minimum: 0, description: 'When the window ends: Unix time in milliseconds.' }),
    remaining: wholeNumberOut({ minimum: 0, description: 'What may still be taken; 0 when exceeded.' }),
    autoApply: Type.Boolean({ description: 'Whether every verification counts against it.' }),
  },
  {
    title: 'VerifyKeyRatelimitData',
    additionalProperties: false,
    description: 'What became of one limit.',
  },
);

const leastDurationMs = 1000;

/** A limit of the request's own has `limit` and `duration`; a lone one of them is ignored, whatever its value. */
function tooShortWindow({ limit, duration }: Static<typeof limitToApply>, index: number): Issue[] {
  if (limit === undefined || duration === undefined || duration >= leastDurationMs) return [];
  const message = `must be at least ${leastDurationMs} (is ${duration})`;
  return [{ location: `body.ratelimits[${index}].duration`, message }];
}

export const verifyKey = operation({
  id: 'keys.verifyKey',
  method: 'POST',
  mode: 'spend',
  summary: 'Say whether a key may be used now',
  description: `Answers 200 whatever the verdict: look at \`valid\`, and at \`code\` for the reason.

Checks in this order, and stops at the first failure: the key exists, is enabled, has not expired, may be used from
this address, holds the permissions, stays within its limits, has credits. Limits are all or nothing; a verification
that a limit denies takes no credits. One that only the credits deny has counted against the limits.

A key that your root key may not verify looks like one that does not exist. A limit that neither the key nor its
identity has is refused with 412.`,
  input: Type.Object(
    {
      key: keySecret,
      tags: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
          maxItems: 20,
          description: 'Words to find this verification by later. They never change the verdict.',
        }),
      ),
      permissions: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 1000,
          description:
            'What the key must hold: slugs with `AND`, `OR` and parentheses, for example `documents.read AND (team.a OR team.b)`. Slugs are compared letter by letter.',
        }),
      ),
      credits: Type.Optional(creditsToTake),
      ratelimits: Type.Optional(
        Type.Array(limitToApply, {
          description: 'Limits to count against, besides those that apply by themselves.',
        }),
      ),
      migrationId: Type.Optional(
        Type.String({
          maxLength: 256,
          description: 'Migration to find the key in if it was brought along from another system.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  inputRule: ({ ratelimits = [] }) => ratelimits.flatMap(tooShortWindow),
  output: Type.Object(
    {
      valid: Type.Boolean({ description: 'Whether to let the caller in. True exactly for `VALID`.' }),
      code: choice(verificationCodes, { description: 'The verdict.' }),
      keyId: Type.Optional(Type.String({ description: 'Id of the key. Absent only for `NOT_FOUND`.' })),
      name: Type.Optional(Type.String({ description: 'Name of the key.' })),
      meta: Type.Optional(metadataOut),
      expires: Type.Optional(
        wholeNumberOut({ description: 'When it stops working: Unix time in milliseconds. Absent: never.' }),
      ),
      credits: Type.Optional(
        wholeNumberOut({ description: 'Credits left after this verification. Absent: unlimited.' }),
      ),
      enabled: Type.Optional(Type.Boolean({ description: 'Whether the key is enabled.' })),
      permissions: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Slugs of all its permissions, its own and those of its roles, each once, sorted.',
        }),
      ),
      roles: Type.Optional(Type.Array(Type.String(), { description: 'Names of its roles.' })),
      identity: Type.Optional(identity),
      ratelimits: Type.Optional(
        Type.Array(appliedLimit, { description: 'The limits that were looked at. Absent: none.' }),
      ),
    },
    { additionalProperties: false },
  ),
  isPaged: false,
  access: [{ requires: onKey('verify_key'), maskAs: 'result' }],
  errors: [
    'user/bad_request/permissions_query_syntax_error',
    'unkey/authentication/malformed',
    'unkey/application/precondition_failed',
  ],
  audit: ['key.update'],
  hasCreditsAlias: true,
  idempotent: 'with key',
  idempotency: 'cached',
  example: {
    request: {
      key: 'demo_ThisIsNotARealKey11111',
      permissions: 'documents.read',
      ratelimits: [{ name: 'requests' }],
      tags: ['path=/documents'],
    },
    response: {
      valid: true,
      code: 'VALID',
      keyId: 'key_8fJ2mQw4Z',
      name: 'Laptop',
      enabled: true,
      credits: 949,
      permissions: ['documents.read'],
      identity: { id: 'id_5tGh7Yb2N', externalId: 'user_42' },
      ratelimits: [
        {
          id: 'rl_2wEr5Ty8U',
          name: 'requests',
          limit: 100,
          duration: 60000,
          remaining: 99,
          reset: 1767225660000,
          exceeded: false,
          autoApply: true,
        },
      ],
    },
  },
});
