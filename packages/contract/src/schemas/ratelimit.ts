import Type from 'typebox';
import { wholeNumber, wholeNumberOut } from './integer.ts';

/** A limit to store with a key or an identity. */
export const ratelimitRequest = Type.Object(
  {
    name: Type.String({
      minLength: 3,
      maxLength: 128,
      description: 'Name of the limit. One key or identity has one limit of a name.',
    }),
    limit: wholeNumber({ minimum: 1, description: 'What may be spent within one window.' }),
    duration: wholeNumber({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    autoApply: Type.Boolean({
      default: false,
      description:
        'true: every verification counts against it. false: only a verification that names it does.',
    }),
  },
  { title: 'RatelimitRequest', description: 'A limit to store with a key or an identity.' },
);

/** A limit's list in a request. */
export const ratelimitRequests = Type.Array(ratelimitRequest, {
  maxItems: 50,
  description: 'Limits to store. Of several with one name the last counts.',
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
    limit: wholeNumberOut({ minimum: 1, description: 'What may be spent within one window.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    autoApply: Type.Boolean({ description: 'Whether every verification counts against it.' }),
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
  description: 'Namespace of the limit: its name or its id, `rlns_…`. Upper and lower case differ.',
});

export const identifier = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'Who or what is limited: a user id, an address, a tenant.',
});

export const overridePattern = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'The identifier that the override is for. `*` stands for any characters, also for none.',
});

export const overrideId = Type.String({ description: 'Id of the override, `rlor_…`.' });

/** A limit that replaces the requested one for some identifiers. */
export const ratelimitOverride = Type.Object(
  {
    overrideId: Type.String({ minLength: 1, maxLength: 255, description: 'Id of the override, `rlor_…`.' }),
    duration: wholeNumberOut({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
    identifier: overridePattern,
    limit: wholeNumberOut({
      minimum: 0,
      description: 'What may be spent within one window; 0 lets nothing through.',
    }),
  },
  {
    title: 'RatelimitOverride',
    additionalProperties: false,
    description: 'A limit that replaces the requested one for some identifiers.',
  },
);
