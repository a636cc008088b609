import Type from 'typebox';
import { largeBodyBytes, operation } from '../operation.ts';
import { creditsUpdate } from '../schemas/credits.ts';
import { empty } from '../schemas/empty.ts';
import { externalId } from '../schemas/identity.ts';
import { keyId, updatedKeySettings } from '../schemas/key.ts';
import { nullable } from '../schemas/nullable.ts';
import { permissionSlug } from '../schemas/permission.ts';
import { ratelimitRequest } from '../schemas/ratelimit.ts';
import { roleName } from '../schemas/role.ts';
import { onKey } from './key-access.ts';

export const updateKey = operation({
  id: 'keys.updateKey',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Update a key',
  description: `A property that is left out stays, null removes the setting, a value replaces it. The change applies from the next
verification on.

Lists are replaced as a whole; an empty list removes all items. An identity or a permission that does not exist is
created; a role that does not exist is refused with 404. If anything is refused, nothing is changed.`,
  input: Type.Object(
    {
      keyId,
      ...updatedKeySettings,
      externalId: Type.Optional(
        nullable(externalId, 'Your own id of the identity that owns the key; null: none.'),
      ),
      credits: Type.Optional(creditsUpdate),
      ratelimits: Type.Optional(
        Type.Array(ratelimitRequest, {
          maxItems: 50,
          description: 'All limits of the key itself. A limit that keeps its name keeps its id. Empty: none.',
        }),
      ),
      roles: Type.Optional(
        Type.Array(roleName, { maxItems: 100, description: 'Names of all roles of the key.' }),
      ),
      permissions: Type.Optional(
        Type.Array(permissionSlug, {
          maxItems: 1000,
          description: 'Slugs of all direct permissions of the key. Unknown ones are created.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: empty,
  isPaged: false,
  access: [{ requires: onKey('update_key') }],
  errors: ['unkey/data/key_not_found', 'unkey/data/role_not_found'],
  audit: ['permission.create', 'key.update'],
  hasCreditsAlias: true,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', name: null, enabled: false, credits: { remaining: 500 } },
    response: {},
  },
});
