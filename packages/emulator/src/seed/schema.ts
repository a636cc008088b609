import { operations } from '@unkey-ts/contract';
import { emulatorKeyPrefix } from '@unkey-ts/server';
import Type, { type TObject, type TSchema } from 'typebox';

const inputOf = (
  id:
    | 'keys.createKey'
    | 'apis.createApi'
    | 'identities.createIdentity'
    | 'permissions.createRole'
    | 'ratelimit.setOverride',
) => operations[id].input.properties as Record<string, TSchema>;

const { apiId: _, expires: __, ...keyMembers } = inputOf('keys.createKey');
const { namespace: ___, ...overrideMembers } = inputOf('ratelimit.setOverride');
const { prefix, byteLength, permissions: slugs } = inputOf('keys.createKey');

const strict = { additionalProperties: false };
const list = (items: TObject, description: string) => Type.Optional(Type.Array(items, { description }));
const idOf = (kind: string) =>
  Type.Optional(
    Type.String({
      pattern: `^${kind}_[a-zA-Z0-9_]+$`,
      maxLength: 255,
      description: `Its id, \`${kind}_…\`. Default: made.`,
    }),
  );

const rootKey = Type.Object(
  {
    key: Type.String({
      pattern: `^${emulatorKeyPrefix}[a-zA-Z0-9_]+$`,
      maxLength: 255,
      description: `The root key; begins with \`${emulatorKeyPrefix}\`, which \`serve\` refuses.`,
    }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Display name.' })),
    permissions: Type.Optional(Type.Array(Type.String(), { description: 'Its permissions. Default: all.' })),
  },
  strict,
);

const api = Type.Object(
  { ...inputOf('apis.createApi'), id: idOf('api'), prefix, byteLength } as Record<string, TSchema>,
  strict,
);

const role = Type.Object(inputOf('permissions.createRole'), strict);

const identity = Type.Object(inputOf('identities.createIdentity'), strict);

const key = Type.Object(
  {
    api: Type.Optional(Type.String({ description: 'Id or name of its API. Default: the only API.' })),
    key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'The key itself. Default: made.' }),
    ),
    id: idOf('key'),
    ...keyMembers,
    expires: Type.Optional(
      Type.Unsafe({
        type: ['integer', 'string'],
        description:
          'When it expires: Unix milliseconds, an ISO 8601 text, or a duration from the start (`30d`).',
      }),
    ),
  },
  strict,
);

const namespace = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 512, description: 'Name of the namespace.' }),
    overrides: list(Type.Object(overrideMembers, strict), 'Limits for some identifiers.'),
  },
  strict,
);

const workspaceMembers = {
  rootKeys: list(rootKey, 'Root keys besides the fixed one.'),
  apis: list(api, 'APIs.'),
  permissions: slugs,
  roles: list(role, 'Roles.'),
  identities: list(identity, 'Identities.'),
  keys: list(key, 'Keys.'),
  namespaces: list(namespace, 'Namespaces of rate limits.'),
  requestsPerMinute: Type.Optional(
    Type.Integer({ minimum: 0, description: 'API requests per minute of the workspace. Default: no limit.' }),
  ),
} as Record<string, TSchema>;

const workspace = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 255, description: 'Name.' }), ...workspaceMembers },
  strict,
);

/** Of a seed, for the emulator and for editors. Its properties are those of the operations that create the rows. */
export const seedSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'For editors.' })),
    ...workspaceMembers,
    workspaces: list(workspace, 'Further workspaces, each with root keys of its own.'),
  },
  { ...strict, title: 'Seed of the Unkey emulator', $schema: 'https://json-schema.org/draft/2020-12/schema' },
);
