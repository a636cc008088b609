import { type OperationId, operationIds } from '@unkey-ts/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';
import { isThreadedRun } from '../threaded.ts';
import { newWorld } from './scenario.ts';
import { arrangeSuccess } from './successful-call.ts';

/**
 * The cache entries that each operation makes all processes drop, by the kinds of their tags. Callers choose how often
 * they call: no operation may drop entries that it does not change.
 */
const dropped: Readonly<Record<Exclude<OperationId, 'liveness'>, readonly string[]>> = {
  'apis.createApi': [],
  'apis.deleteApi': ['api'],
  'apis.getApi': [],
  'apis.listKeys': [],
  'identities.createIdentity': ['id'],
  'identities.deleteIdentity': ['id'],
  'identities.getIdentity': [],
  'identities.listIdentities': [],
  'identities.updateIdentity': ['id'],
  'keys.addPermissions': ['key'],
  'keys.addRoles': ['key'],
  'keys.createKey': ['hash'],
  'keys.deleteKey': ['key'],
  'keys.getKey': [],
  'keys.migrateKeys': ['hash'],
  'keys.removePermissions': ['key'],
  'keys.removeRoles': ['key'],
  'keys.rerollKey': ['hash', 'key'],
  'keys.setPermissions': ['key'],
  'keys.setRoles': ['key'],
  'keys.updateCredits': ['key'],
  'keys.updateKey': ['key'],
  'keys.verifyKey': [],
  'keys.whoami': [],
  'permissions.createPermission': [],
  'permissions.createRole': [],
  // No key has them here; otherwise these drop the keys that have them (storage/conformance/changes-conform.ts).
  'permissions.deletePermission': [],
  'permissions.deleteRole': [],
  'permissions.getPermission': [],
  'permissions.getRole': [],
  'permissions.listPermissions': [],
  'permissions.listRoles': [],
  'permissions.setRolePermissions': [],
  'ratelimit.deleteOverride': ['rlns'],
  'ratelimit.getOverride': [],
  // The first use of a namespace creates it.
  'ratelimit.limit': ['rlns'],
  'ratelimit.listOverrides': [],
  'ratelimit.multiLimit': ['rlns'],
  'ratelimit.setOverride': ['rlns'],
};

let service: Service;
let reported: (ReadonlySet<string> | null)[] = [];

beforeAll(async () => {
  service = await startService();
  const { lookups } = service.app.services;
  const { onCommit } = lookups;
  Object.assign(lookups, {
    onCommit(tags: ReadonlySet<string> | null) {
      reported.push(tags);
      onCommit(tags);
    },
  });
});
afterAll(() => service.close());

test('every operation with a root key is in the table', () => {
  expect(Object.keys(dropped).sort()).toEqual(operationIds.filter((id) => id !== 'liveness').sort());
});

// What two threads tell each other is in threads/.
const cases = isThreadedRun ? [] : Object.entries(dropped);

test.each(cases)('%s drops %j', async (operation, kindsOfOperation) => {
  const id = operation as OperationId;
  const world = await newWorld(service);
  const body = await arrangeSuccess(id, world);
  reported = [];
  const reply = await world.call(id, body);
  expect(reply.status).toBe(200);
  const kinds = reported.flatMap((tags) => (tags === null ? ['everything'] : [...tags].map(kindOf)));
  expect([...new Set(kinds)].sort()).toEqual(kindsOfOperation);
});

/** The kind of a tag: a prefix of ids, or `hash`. */
function kindOf(tag: string): string {
  if (tag.startsWith('keys of ')) return 'all keys';
  return /^([a-z]+)_\w+$/.exec(tag)?.[1] ?? 'hash';
}
