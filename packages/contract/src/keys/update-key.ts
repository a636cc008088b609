import Type from 'typebox';
import { operation } from '../operation.ts';
import { creditsUpdate } from '../schemas/credits.ts';
import { empty } from '../schemas/empty.ts';
import { externalId } from '../schemas/identity.ts';
import { keyExpires, keyId, keyName } from '../schemas/key.ts';
import { metadata } from '../schemas/metadata.ts';
import { nullable } from '../schemas/nullable.ts';
import { permissionSlug } from '../schemas/permission.ts';
import { ratelimitRequest } from '../schemas/ratelimit.ts';
import { roleName } from '../schemas/role.ts';
import { onKey } from './key-access.ts';

export const updateKey = operation({
  id: 'keys.updateKey',
  method: 'POST',
  mode: 'write',
  summary: 'Change a key',
  description: `What you leave out stays as it is, null takes a setting away, a value replaces it. The change counts from the next
verification on.

Lists are replaced as a whole, and an empty list empties them. An identity and permissions that do not exist yet are
made; a role that does not exist is refused with 404. If anything is refused, nothing is changed.`,
  input: Type.Object(
    {
      keyId,
      name: Type.Optional(nullable(keyName, 'Name of the key, for people; null: none.')),
      externalId: Type.Optional(
        nullable(externalId, 'Your own id of the identity that the key belongs to; null: to none.'),
      ),
      meta: Type.Optional(
        nullable(
          metadata,
          'Data of your own, replaced as a whole, at most 100 members and 1 MiB; null: none.',
        ),
      ),
      expires: Type.Optional(
        nullable(keyExpires, 'When the key stops working: Unix time in milliseconds; null: never.'),
      ),
      credits: Type.Optional(creditsUpdate),
      ratelimits: Type.Optional(
        Type.Array(ratelimitRequest, {
          maxItems: 50,
          description:
            'All limits that the key itself shall have. One whose name stays keeps its id. Empty: none.',
        }),
      ),
      enabled: Type.Optional(
        Type.Boolean({ description: 'false: the key exists, and verifications of it answer `DISABLED`.' }),
      ),
      roles: Type.Optional(
        Type.Array(roleName, { maxItems: 100, description: 'Names of all roles that the key shall have.' }),
      ),
      permissions: Type.Optional(
        Type.Array(permissionSlug, {
          maxItems: 1000,
          description: 'Slugs of all permissions that the key shall have by itself. Unknown ones are made.',
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
