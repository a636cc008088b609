import Type, { type Static } from 'typebox';
import { operation } from '../operation.ts';
import { choice } from '../schemas/choice.ts';
import { identity } from '../schemas/identity.ts';
import { wholeNumber, wholeNumberOut } from '../schemas/integer.ts';
import { keySecret } from '../schemas/key.ts';
import { metadataOut } from '../schemas/metadata.ts';
import type { Issue } from '../validate.ts';
import { onKey } from './key-access.ts';

/** Results of a verification. Only `VALID` lets the caller in. */
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
      description: 'Credits that this verification spends. 0 spends none.',
    }),
  },
  {
    title: 'KeysVerifyKeyCredits',
    additionalProperties: false,
    description: 'Credits to spend if the key has limited credits. Default: 1.',
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
        description: 'Cost of this verification. 0 checks without counting. Default 1.',
      }),
    ),
    limit: Type.Optional(
      wholeNumber({
        minimum: 0,
        description: 'Total cost allowed within one window; 0 denies everything. Ignored without `duration`.',
      }),
    ),
    duration: Type.Optional(
      wholeNumber({
        minimum: 0,
        description: 'Length of the window in milliseconds, at least 1000. Ignored without `limit`.',
      }),
    ),
  },
  { title: 'KeysVerifyKeyRatelimit', description: 'A limit that this verification counts against.' },
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
    limit: wholeNumberOut({ minimum: 0, description: 'Total cost allowed within one window.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    reset: wholeNumberOut({ minimum: 0, description: 'When the window ends: Unix time in milliseconds.' }),
    remaining: wholeNumberOut({
      minimum: 0,
      description: 'Cost still allowed in this window; 0 when exceeded.',
    }),
    autoApply: Type.Boolean({ description: 'Whether every verification counts against the limit.' }),
  },
  {
    title: 'VerifyKeyRatelimitData',
    additionalProperties: false,
    description: 'Result of one limit.',
  },
);

const leastDurationMs = 1000;

/** A limit that the request itself defines has both `limit` and `duration`; one of them alone is ignored. */
function tooShortWindow({ limit, duration }: Static<typeof limitToApply>, index: number): Issue[] {
  if (limit === undefined || duration === undefined || duration >= leastDurationMs) return [];
  const message = `must be at least ${leastDurationMs} (is ${duration})`;
  return [{ location: `body.ratelimits[${index}].duration`, message }];
}

export const verifyKey = operation({
  id: 'keys.verifyKey',
  method: 'POST',
  mode: 'spend',
  summary: 'Verify a key',
  description: `The status is 200 whether or not the key is valid: check \`valid\`, and \`code\` for the reason.

The checks run in this order and stop at the first failure: the key exists, is enabled, has not expired, may be used
from this address, has the permissions, is within its limits, has credits. Limits are counted all or none; a
verification that a limit denies spends no credits. One that only the credits deny has counted against the limits.

A key that your root key may not verify is reported as \`NOT_FOUND\`. A limit that neither the key nor its identity
has is refused with 412.`,
  input: Type.Object(
    {
      key: keySecret,
      tags: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
          maxItems: 20,
          description: 'Tags for filtering verification events. They do not change the result.',
        }),
      ),
      permissions: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 1000,
          description:
            'Permissions that the key must have: slugs with `AND`, `OR` and parentheses, for example `documents.read AND (team.a OR team.b)`. Slugs are compared exactly.',
        }),
      ),
      credits: Type.Optional(creditsToTake),
      ratelimits: Type.Optional(
        Type.Array(limitToApply, {
          maxItems: 1000,
          description: 'Limits to count against, besides those with `autoApply`.',
        }),
      ),
      migrationId: Type.Optional(
        Type.String({
          maxLength: 256,
          description: 'Migration of the key, if it was migrated from another system.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  inputRule: ({ ratelimits = [] }) => ratelimits.flatMap(tooShortWindow),
  output: Type.Object(
    {
      valid: Type.Boolean({ description: 'Whether the key is valid. True exactly for `VALID`.' }),
      code: choice(verificationCodes, { description: 'Result of the verification.' }),
      keyId: Type.Optional(Type.String({ description: 'Id of the key. Absent only for `NOT_FOUND`.' })),
      name: Type.Optional(Type.String({ description: 'Name of the key.' })),
      meta: Type.Optional(metadataOut),
      expires: Type.Optional(
        wholeNumberOut({ description: 'When the key expires: Unix time in milliseconds. Absent: never.' }),
      ),
      credits: Type.Optional(
        wholeNumberOut({ description: 'Credits left after this verification. Absent: unlimited.' }),
      ),
      enabled: Type.Optional(Type.Boolean({ description: 'Whether the key is enabled.' })),
      permissions: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Slugs of all permissions of the key, direct and through roles, each once, sorted.',
        }),
      ),
      roles: Type.Optional(Type.Array(Type.String(), { description: 'Names of the roles of the key.' })),
      identity: Type.Optional(identity),
      ratelimits: Type.Optional(
        Type.Array(appliedLimit, { description: 'The limits that were checked. Absent: none.' }),
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
