import Type from 'typebox';
import { wholeNumber, wholeNumberOut } from './integer.ts';

/** A limit to store with a key or an identity. */
export const ratelimitRequest = Type.Object(
  {
    name: Type.String({
      minLength: 3,
      maxLength: 128,
      description: 'Name of the limit, unique within its key or identity.',
    }),
    limit: wholeNumber({ minimum: 1, description: 'Total cost allowed within one window.' }),
    duration: wholeNumber({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    autoApply: Type.Boolean({
      default: false,
      description:
        'true: every verification counts against the limit. false: only a verification that names it.',
    }),
  },
  { title: 'RatelimitRequest', description: 'A limit to store with a key or an identity.' },
);

/** Limits in a request. */
export const ratelimitRequests = Type.Array(ratelimitRequest, {
  maxItems: 50,
  description: 'Limits to store. Of several with the same name the last one counts.',
});

const ratelimitId = Type.String({
  minLength: 8,
  maxLength: 255,
  pattern: '^rl_[a-zA-Z0-9_]+$',
  description: 'Id of the limit, `rl_…`.',
});

/** A limit as it is stored. */
export const ratelimit = Type.Object(
  {
    id: ratelimitId,
    name: Type.String({ minLength: 1, maxLength: 128, description: 'Name of the limit.' }),
    limit: wholeNumberOut({ minimum: 1, description: 'Total cost allowed within one window.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    autoApply: Type.Boolean({ description: 'Whether every verification counts against the limit.' }),
  },
  {
    title: 'RatelimitResponse',
    additionalProperties: false,
    description: 'A limit of a key or an identity.',
  },
);

export const namespace = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'Namespace of the limit: its name or its id, `rlns_…`. Case-sensitive.',
});

export const identifier = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'Subject of the limit: a user id, an address, a tenant.',
});

export const overridePattern = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'Identifier of the override. `*` matches any characters, or none.',
});

/** What `ratelimit.limit` and each check of `ratelimit.multiLimit` return of a limit. */
export const limitResult = {
  limit: wholeNumberOut({ description: 'The applied limit, that of the override if there is one.' }),
  remaining: wholeNumberOut({ description: 'Cost still allowed in this window; 0 when denied.' }),
  reset: wholeNumberOut({ description: 'When the window ends: Unix time in milliseconds.' }),
  overrideId: Type.Optional(
    Type.String({ description: 'Id of the override that was applied, `rlor_…`. Absent: none.' }),
  ),
};

export const overrideId = Type.String({ description: 'Id of the override, `rlor_…`.' });

/** A limit that replaces the requested one for some identifiers. */
export const ratelimitOverride = Type.Object(
  {
    overrideId: Type.String({ minLength: 1, maxLength: 255, description: 'Id of the override, `rlor_…`.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    identifier: overridePattern,
    limit: wholeNumberOut({
      minimum: 0,
      description: 'Total cost allowed within one window; 0 denies everything.',
    }),
  },
  {
    title: 'RatelimitOverride',
    additionalProperties: false,
    description: 'A limit that replaces the requested one for some identifiers.',
  },
);
