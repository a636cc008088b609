import { isValid, type OperationId, operationIds, operations } from '@unkey-ts/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, type Service, startService } from '../service.ts';
import { brokenBodies, type Known, type Schema, validBody } from './bodies.ts';
import { expectError } from './expect-error.ts';
import { callInProcess } from './in-process.ts';
import { expectContract } from './scenario.ts';

const guarded = operationIds.filter((id) => operations[id].access !== 'public');
const run = { seed: 20_260_801, numRuns: 60 };

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

describe('a body that matches the schema gets a declared response', () => {
  test.each(guarded)('%s', async (id) => {
    const { known, call } = await inhabitedWorkspace();
    const schema = schemaOf(id);
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(validBody(schema, known), async (body) => {
        expect(isValid(schema, body)).toBe(true);
        const reply = await call(id, body);
        statuses.add(reply.status);
        expect(reply.status).toBeLessThan(500);
        expectContract(id, reply);
      }),
      run,
    );
    // Otherwise the bodies would not reach the operation.
    expect(statuses).toContain(200);
  });
});

describe('a body that breaks one constraint is refused, and the place is named', () => {
  test.each(guarded)('%s', async (id) => {
    const { known, call } = await inhabitedWorkspace();
    const schema = schemaOf(id);
    const sources = brokenBodies(schema, known);
    const numRuns = Math.max(2, Math.ceil(run.numRuns / sources.length));
    for (const source of sources) {
      const refused = fc.asyncProperty(source, async ({ body, location }) => {
        expect(isValid(schema, body)).toBe(false);
        const reply = await call(id, body);
        expectError(reply, 'unkey/application/invalid_input', location);
        expectContract(id, reply);
      });
      await fc.assert(refused, { ...run, numRuns });
    }
  });
});

test('any JSON gets a response, never a 5xx', async () => {
  const { call } = await inhabitedWorkspace();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...guarded), fc.jsonValue({ maxDepth: 6 }), async (id, body) => {
      const reply = await call(id, body);
      expect(reply.status).toBeLessThan(500);
      expectContract(id, reply);
    }),
    { ...run, numRuns: 1000 },
  );
});

/** The input's schema as JSON: its type does not list the keywords. */
function schemaOf(id: OperationId): Schema {
  return operations[id].input as Schema;
}

/** A workspace with one resource of each kind, and their names. */
async function inhabitedWorkspace() {
  const { workspaceId, rootKey } = await service.newWorkspace();
  const call = (id: OperationId, body: unknown): Promise<Reply> =>
    callInProcess(service.app, id, { rootKey, body });
  const make = async (id: OperationId, body: unknown) => {
    const reply = await call(id, body);
    if (reply.status !== 200) throw new Error(`${id} failed: ${JSON.stringify(reply.body)}`);
    return reply.body.data;
  };

  const { apiId } = await make('apis.createApi', { name: 'demo' });
  const { permissionId } = await make('permissions.createPermission', { name: 'Read', slug: 'read' });
  const { roleId } = await make('permissions.createRole', { name: 'Editor', permissions: ['read'] });
  const { identityId } = await make('identities.createIdentity', { externalId: 'user_1' });
  const { keyId, key } = await make('keys.createKey', {
    apiId,
    externalId: 'user_1',
    roles: ['Editor'],
    credits: { remaining: 100 },
    ratelimits: [{ name: 'requests', limit: 5, duration: 1000, autoApply: true }],
  });
  const limit = { namespace: 'email', identifier: 'user_1', limit: 10, duration: 60_000 };
  await make('ratelimit.limit', limit);
  await make('ratelimit.setOverride', { ...limit, identifier: 'user_*' });
  await make('ratelimit.setOverride', limit);
  const migrationId = `mig_${workspaceId}`;
  await service.app.services.storage.write((store) =>
    store.migrations.create(workspaceId, { id: migrationId, name: 'old', algorithm: 'sha256', createdAt: 1 }),
  );

  const known: Known = {
    apiId: [apiId],
    keyId: [keyId],
    key: [key],
    identity: [identityId, 'user_1'],
    externalId: ['user_1'],
    permission: [permissionId, 'read', 'READ'],
    permissions: ['read', 'READ', 'write'],
    role: [roleId, 'Editor'],
    roleId: [roleId],
    roles: ['Editor', 'EDITOR'],
    namespace: ['email'],
    identifier: ['user_1', 'user_*'],
    migrationId: [migrationId],
  };
  return { known, call };
}
