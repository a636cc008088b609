import { grant, type MadeKey, makeForeignKey, makeKey } from './arrange-keys.ts';
import { denied, malformed } from './refusals.ts';
import { type Scenario, scenario, type World } from './scenario.ts';

/** The common cases of operations on a key by its id. */
export interface KeyOperation {
  /** A body that is accepted for the key. */
  readonly body: (keyId: string) => object;
  /** The required permission: `update_key`. */
  readonly action: string;
  /** Its other permissions, unless it has a grant on the key. */
  readonly also?: readonly string[];
  /** An action on the same API that does not suffice. */
  readonly otherAction: string;
  /** Creates the resources that the body names. */
  readonly prepare?: (world: World) => Promise<unknown>;
}

export const keyNotFound = { status: 404, code: 'unkey/data/key_not_found' } as const;

/** Keys that the operation must not find. The missing permission does not matter: the lookup comes first. */
export function absentKeyCases({ body, prepare }: Pick<KeyOperation, 'body' | 'prepare'>): Scenario[] {
  const absent: Record<string, (world: World) => Promise<string>> = {
    'an id that nothing has': async () => 'key_doesNotExist',
    'an id with another prefix': async () => 'abc',
    'a key of another workspace': async (world) => (await makeForeignKey(world)).keyId,
    'a deleted key': async (world) => {
      const { keyId } = await makeKey(world);
      await world.do('keys.deleteKey', { keyId });
      return keyId;
    },
    'a key of a deleted API': async (world) => {
      const { keyId, apiId } = await makeKey(world);
      await world.do('apis.deleteApi', { apiId });
      return keyId;
    },
  };
  return Object.entries(absent).map(([what, arrangeKeyId]) =>
    scenario({
      name: `404 for ${what}, whatever the root key may do`,
      async arrange(world) {
        await prepare?.(world);
        return arrangeKeyId(world);
      },
      permissions: [],
      body,
      expect: keyNotFound,
    }),
  );
}

/** Permissions that suffice, and permissions that do not. */
export function keyAccessCases({ body, action, also = [], otherAction, prepare }: KeyOperation): Scenario[] {
  const arrange = async (world: World): Promise<MadeKey> => {
    await prepare?.(world);
    return makeKey(world);
  };
  const sufficient: Record<string, (key: MadeKey, world: World) => string[]> = {
    'the permission for every API': () => [`api.*.${action}`, ...also],
    'the permission for its API': ({ apiId }) => [`api.${apiId}.${action}`, ...also],
    'a grant on the key': ({ keyspaceId, keyId }, world) => [
      grant(world, `keyspaces/${keyspaceId}/keys/${keyId}#${action}`),
    ],
    'a grant on the keys of its API': ({ keyspaceId }, world) => [
      grant(world, `keyspaces/${keyspaceId}/keys/*#${action}`),
    ],
    'a grant on all keys': (_key, world) => [grant(world, `keyspaces/*/keys/*#${action}`)],
    'a grant on everything': (_key, world) => [grant(world, '**#*')],
  };
  return [
    ...Object.entries(sufficient).map(([what, permissions]) =>
      scenario<MadeKey>({
        name: `${what} suffices`,
        arrange,
        permissions,
        body: ({ keyId }: MadeKey) => body(keyId),
        expect: { status: 200 },
      }),
    ),
    ...denied<MadeKey>({
      arrange,
      body: ({ keyId }: MadeKey) => body(keyId),
      held: {
        'no permission': () => [],
        [`${otherAction} only`]: ({ apiId }) => [`api.*.${otherAction}`, `api.${apiId}.${otherAction}`],
        [`${action} for another API`]: () => [`api.api_12345678.${action}`, ...also],
        'wildcards that nobody asks for': () => ['*', 'api.*', 'api.*.*', `api.${action}`, ...also],
        'a grant on the API, not on its keys': (_key, world) => [grant(world, `keyspaces/*#${action}`)],
        'a grant on another key': ({ keyspaceId }, world) => [
          grant(world, `keyspaces/${keyspaceId}/keys/key_other#${action}`),
        ],
        'a grant in another workspace': ({ keyspaceId, keyId }) => [
          `unkey:v1:ws_other:keyspaces/${keyspaceId}/keys/${keyId}#${action}`,
        ],
        ...Object.fromEntries(
          also.map((missing) => [
            `${action} but without ${missing}`,
            () => [`api.*.${action}`, ...also.filter((held) => held !== missing)],
          ]),
        ),
        ...(also.length > 0 && { [`everything but ${action}`]: () => [...also] }),
      },
    }),
  ];
}

/** Ids that no key can have. */
export function keyIdCases({ body }: Pick<KeyOperation, 'body'>): Scenario[] {
  const { keyId: _, ...rest } = { keyId: '', ...body('key_12345678') };
  return [
    ...malformed([
      ['no keyId', rest, 'body.keyId'],
      ['an empty keyId', { ...rest, keyId: '' }, 'body.keyId'],
      ['a keyId of two characters', { ...rest, keyId: 'ab' }, 'body.keyId'],
      ['a keyId that is a number', { ...rest, keyId: 12345678 }, 'body.keyId'],
    ]),
    {
      name: '400, not 401, for an empty keyId from an unknown root key',
      headers: { authorization: 'Bearer unkey_unknown' },
      body: { ...rest, keyId: '' },
      expect: { status: 400, code: 'unkey/application/invalid_input', locations: ['body.keyId'] },
    },
  ];
}

/** All of them. */
export function keyOperationCases(operation: KeyOperation): Scenario[] {
  return [...keyAccessCases(operation), ...absentKeyCases(operation), ...keyIdCases(operation)];
}
