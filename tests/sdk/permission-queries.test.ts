import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasPermissions, PermissionQueryError } from '../../packages/sdk/src/permissions/index.ts';
import { decidedQueries, malformedQueries, queriesOfWrongLength } from '../permission-queries.ts';
import { type Reply, type Service, startService } from '../service.ts';

let service: Service;
let apiId: string;
beforeAll(async () => {
  service = await startService();
  apiId = (await service.call('apis.createApi', { name: 'permission-queries' })).body.data.apiId;
});
afterAll(() => service.close());

const keys = new Map<string, Promise<string>>();

function keyWith(permissions: readonly string[]): Promise<string> {
  const name = permissions.join(' ');
  const known = keys.get(name) ?? createKey(permissions);
  keys.set(name, known);
  return known;
}

async function createKey(permissions: readonly string[]): Promise<string> {
  const { status, body } = await service.call('keys.createKey', { apiId, permissions });
  expect(status).toBe(200);
  return body.data.key;
}

async function verify(query: string, held: readonly string[]): Promise<Reply> {
  return service.call('keys.verifyKey', { key: await keyWith(held), permissions: query });
}

test.each(decidedQueries)('$query for $held: $holds', async ({ query, held, holds }) => {
  const { status, body } = await verify(query, held);
  expect({ status, code: body.data?.code }).toEqual({
    status: 200,
    code: holds ? 'VALID' : 'INSUFFICIENT_PERMISSIONS',
  });
});

test.each(malformedQueries)('$query is refused with the message of the service', async ({ query }) => {
  const { status, body } = await verify(query, ['a', 'b']);
  expect(status).toBe(400);
  expect(body.error.type).toContain('permissions_query_syntax_error');
  expect(body.error.detail).toBe(clientResult(query, ['a', 'b']));
});

test.each(queriesOfWrongLength)('a wrong length is refused: %#', async (query) => {
  expect((await verify(query, [])).status).toBe(400);
});

test('any query has the same result locally and in the service', async () => {
  const word = fc.constantFrom('a', 'b', 'c.*', 'AND', 'or', '(', ')', 'AND (', ') OR', 'é');
  const query = fc.array(word, { minLength: 1, maxLength: 9 }).map((words) => words.join(' '));
  await fc.assert(
    fc.asyncProperty(query, fc.subarray(['a', 'b', 'c.*']), async (text, held) => {
      const { status, body } = await verify(text, held);
      expect(status === 200 ? body.data.valid : body.error.detail).toBe(clientResult(text, held));
    }),
    { seed: 5, numRuns: 300 },
  );
});

/** Whether the query holds, or the error message. */
function clientResult(query: string, held: readonly string[]): boolean | string {
  try {
    return hasPermissions(query, held);
  } catch (error) {
    if (!(error instanceof PermissionQueryError)) throw error;
    return error.message;
  }
}
