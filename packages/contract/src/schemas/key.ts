import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { credits } from './credits.ts';
import { identity } from './identity.ts';
import { integerMax, wholeNumber, wholeNumberOut } from './integer.ts';
import { metadata } from './metadata.ts';
import { nullable } from './nullable.ts';
import { idAlphabet } from './pattern.ts';
import { permissionSlug } from './permission.ts';
import { ratelimit } from './ratelimit.ts';
import { roleName } from './role.ts';

/** The latest time that a request may contain: 2100-01-01T00:00:00Z. */
export const timeMax = 4_102_444_800_000;

/** Id of a key, in a request. */
export const keyId = Type.String({
  minLength: 3,
  maxLength: 255,
  pattern: idAlphabet.pattern,
  description: 'Id of the key, `key_…`; not the key itself.',
});

/** The key itself, in a request. */
export const keySecret = Type.String({
  minLength: 1,
  maxLength: 512,
  'x-redact': true,
  description: 'The key itself, exactly as it was issued, with its prefix.',
});

/** A new key: it is shown only once. */
export const issuedKey = Type.String({
  'x-redact': true,
  description: 'The key itself. It is shown only once: pass it to its holder and do not store it.',
});

const keyName = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'Display name of the key. The holder of the key never sees it.',
});

const keyExpires = wholeNumber({
  minimum: 0,
  maximum: timeMax,
  description: 'When the key expires: Unix time in milliseconds. Default: never.',
});

const keyEnabled = Type.Boolean({
  default: true,
  description: 'false: verifications of the key return `DISABLED`. Default true.',
});

export const keyRoles = Type.Array(roleName, {
  maxItems: 100,
  description: 'Names of the roles of the key.',
});

export const keyPermissions = Type.Array(permissionSlug, {
  maxItems: 1000,
  description: 'Slugs of the direct permissions of the key. Unknown ones are created.',
});

const time = { minimum: 0, maximum: integerMax };

/** Settings of a key that are one value each, in a request that creates one. */
export const newKeySettings = {
  enabled: Type.Optional(keyEnabled),
  name: Type.Optional(keyName),
  meta: Type.Optional(metadata),
  expires: Type.Optional(keyExpires),
};

type OfEverySetting = Readonly<Record<keyof typeof newKeySettings, TSchema>>;

/** The same in an update: null removes the setting. */
export const updatedKeySettings = {
  enabled: Type.Optional(Type.Boolean({ description: 'false: verifications of the key return `DISABLED`.' })),
  name: Type.Optional(nullable(keyName, 'Display name of the key; null: none.')),
  meta: Type.Optional(
    nullable(
      metadata,
      'Your own metadata, replaced as a whole, at most 100 properties and 1 MiB; null: none.',
    ),
  ),
  expires: Type.Optional(
    nullable(keyExpires, 'When the key expires: Unix time in milliseconds; null: never.'),
  ),
} satisfies OfEverySetting;

/** The same in a response. */
const keySettings = {
  enabled: Type.Boolean({ description: 'Whether the key may be used.' }),
  name: Type.Optional(
    Type.String({ maxLength: 255, description: 'Name of the key. Absent when it has none.' }),
  ),
  meta: Type.Optional(metadata),
  expires: Type.Optional(
    wholeNumberOut({
      ...time,
      description: 'When the key expires: Unix time in milliseconds. Absent: never.',
    }),
  ),
} satisfies OfEverySetting;

export type NewKeySettings = Static<TObject<typeof newKeySettings>>;
export type KeySettings = Static<TObject<typeof keySettings>>;

/** A key, as management operations return it. */
export const key = Type.Object(
  {
    keyId: Type.String({
      minLength: 8,
      maxLength: 255,
      pattern: idAlphabet.pattern,
      description: 'Id of the key, `key_…`.',
    }),
    start: Type.String({
      maxLength: 50,
      description:
        'First characters of the key, for recognition. Empty for a migrated key that has not been used yet.',
    }),
    ...keySettings,
    createdAt: wholeNumberOut({ ...time, description: 'When it was made: Unix time in milliseconds.' }),
    updatedAt: Type.Optional(
      wholeNumberOut({ ...time, description: 'When it was last changed: Unix time in milliseconds.' }),
    ),
    lastUsedAt: Type.Optional(
      wholeNumberOut({
        minimum: 0,
        description: 'When it was last verified: Unix time in milliseconds, right to the minute.',
      }),
    ),
    permissions: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Slugs of all permissions of the key, direct and through roles, each once, sorted.',
      }),
    ),
    roles: Type.Optional(Type.Array(Type.String(), { description: 'Names of the roles of the key.' })),
    credits: Type.Optional(credits),
    identity: Type.Optional(identity),
    plaintext: Type.Optional(
      Type.String({
        'x-redact': true,
        description: 'The key itself. Only with `decrypt`, and only if the key is recoverable.',
      }),
    ),
    ratelimits: Type.Optional(
      Type.Array(ratelimit, {
        maxItems: 50,
        description: 'Limits of the key itself, without those of its identity.',
      }),
    ),
  },
  { title: 'KeyResponseData', additionalProperties: false, description: 'A key, without its secret.' },
);
