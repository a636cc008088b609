import { issuesOf, type OperationId, operationIds, operations } from '@unkey-ts/contract';
import { expect, test } from 'vitest';
import { bearerOf } from '../../packages/sdk/src/middleware/read-key.ts';
import { hasPermissions } from '../../packages/sdk/src/permissions/index.ts';
import { parseDuration } from '../../packages/sdk/src/ratelimit/duration.ts';
import { Ratelimit } from '../../packages/sdk/src/ratelimit/index.ts';
import { parseUnits } from '../../packages/server/src/base/duration.ts';

/** The client has no dependencies: it repeats these limits of the contract, and is compared with it here. */

function isAccepted(operation: OperationId, changes: object): boolean {
  const { input, example } = operations[operation];
  return issuesOf(input ?? {}, { ...(example.request as object), ...changes }, 'body').length === 0;
}

function succeeds(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

const { key, permissions } = operations['keys.verifyKey'].input.properties;
const { duration } = operations['ratelimit.limit'].input.properties;

test.each([0, 1])('a key of the greatest length and %i more is accepted by both or neither', (more) => {
  const text = 'k'.repeat(lengthOf(key) + more);
  expect(bearerOf(`Bearer ${text}`).key !== undefined).toBe(isAccepted('keys.verifyKey', { key: text }));
  expect(isAccepted('keys.verifyKey', { key: text })).toBe(more === 0);
});

test.each([0, 1])('a query of the greatest length and %i more is accepted by both or neither', (more) => {
  const query = 'q'.repeat(lengthOf(permissions) + more);
  expect(succeeds(() => hasPermissions(query, []))).toBe(
    isAccepted('keys.verifyKey', { permissions: query }),
  );
  expect(isAccepted('keys.verifyKey', { permissions: query })).toBe(more === 0);
});

test.each([
  boundOf(duration, 'minimum') - 1,
  boundOf(duration, 'minimum'),
  boundOf(duration, 'maximum'),
  boundOf(duration, 'maximum') + 1,
])('a window of %i ms is accepted by both or neither', (ms) => {
  const create = () => new Ratelimit({ namespace: 'a', limit: 1, duration: ms, rootKey: 'unkey_x' });
  expect(succeeds(create)).toBe(isAccepted('ratelimit.limit', { duration: ms }));
});

test.each(['ms', 's', 'm', 'h', 'd'] as const)(
  'the unit %s means the same in the client and the service',
  (unit) => {
    expect(parseDuration(`5000${unit}`)).toBe(parseUnits(`5000${unit}`));
  },
);

test('the secrets of requests are named as the client expects when it redacts', () => {
  const secrets = operationIds.flatMap((id) =>
    Object.entries(propertiesOf(id)).filter(([, schema]) => 'x-redact' in schema),
  );
  expect(new Set(secrets.map(([name]) => name))).toEqual(new Set(['key']));
});

function propertiesOf(id: OperationId): Readonly<Record<string, object>> {
  const { input } = operations[id];
  return input !== null && 'properties' in input ? input.properties : {};
}

function lengthOf(schema: object): number {
  return boundOf(schema, 'maxLength');
}

/** The contract's types do not list the keywords of JSON Schema. */
function boundOf(schema: object, keyword: string): number {
  const bound = (schema as Readonly<Record<string, unknown>>)[keyword];
  if (typeof bound !== 'number') throw new Error(`The schema has no ${keyword}.`);
  return bound;
}
