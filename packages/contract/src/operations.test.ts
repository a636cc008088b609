import { describe, expect, test } from 'vitest';
import { auditEvents } from './audit.ts';
import { errors } from './errors.ts';
import type { Operation } from './operation.ts';
import { errorsByStatus } from './operation-errors.ts';
import { operations } from './operations.ts';
import { leavesOf } from './permissions.ts';
import { issuesOf } from './validate.ts';

const all = Object.entries<Operation>(operations);

test('the table knows every operation by its own id', () => {
  expect(all.map(([, { id }]) => id)).toEqual(all.map(([id]) => id));
});

describe.each(all)('%s', (_, operation) => {
  test('its example request is one that it takes', () => {
    expect(
      operation.input === null ? [] : issuesOf(operation.input, operation.example.request, 'body'),
    ).toEqual([]);
  });

  test('its example response matches its output', () => {
    const { output, example } = operation;
    expect(output === null ? [] : issuesOf(output, example.response, 'data')).toEqual([]);
  });

  test('it declares each refusal and each audit event once, and only known ones', () => {
    expect(new Set(operation.errors).size).toBe(operation.errors.length);
    expect(operation.errors.filter((code) => !(code in errors))).toEqual([]);
    expect(new Set(operation.audit).size).toBe(operation.audit.length);
    expect(operation.audit.filter((event) => !auditEvents.includes(event))).toEqual([]);
  });

  test('what it hides behind is among its refusals', () => {
    const hidden = operation.access === 'public' ? [] : operation.access.map(({ maskAs }) => maskAs);
    const codes = hidden.filter((code) => code !== undefined && code !== 'result');
    expect(codes.filter((code) => !operation.errors.some((own) => own === code))).toEqual([]);
  });

  test('only what changes something is in the audit log', () => {
    if (operation.mode === 'read') expect(operation.audit).toEqual([]);
    if (operation.mode === 'write') expect(operation.audit).not.toEqual([]);
  });

  test('its record is stored where its changes are', () => {
    const { idempotency, mode } = operation;
    const kept = { read: undefined, write: 'durable', spend: 'cached' }[mode];
    expect([undefined, kept]).toContain(idempotency);
  });

  test('it is idempotent if it only reads, and with a key exactly if it keeps a record for one', () => {
    const { idempotency, idempotent, method, mode } = operation;
    if (method === 'GET') expect(mode).toBe('read');
    if (mode === 'read') expect(idempotent).toBe(true);
    expect(idempotent === 'with key').toBe(idempotency !== undefined);
  });

  test('a list takes a limit and a cursor', () => {
    const members = Object.keys(Reflect.get(operation.input ?? {}, 'properties') ?? {});
    expect(members.includes('cursor') && members.includes('limit')).toBe(operation.isPaged);
  });
});

test('only liveness is open to everybody', () => {
  expect(all.filter(([, { access }]) => access === 'public').map(([id]) => id)).toEqual(['liveness']);
});

test('every operation behind a root key asks for something', () => {
  const idle = all.filter(([, { access }]) => access !== 'public' && leavesOf(access).length === 0);
  expect(idle).toEqual([]);
});

test('errors are told by rising status, an operation’s own first, each once', () => {
  const { 'keys.verifyKey': verifyKey } = operations;
  const byStatus = errorsByStatus(verifyKey);
  expect([...byStatus.keys()]).toEqual([400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 429, 500, 503]);
  expect(byStatus.get(400)).toEqual([
    'user/bad_request/permissions_query_syntax_error',
    'unkey/authentication/malformed',
    'unkey/application/invalid_input',
    'user/bad_request/request_body_unreadable',
  ]);
});

test('operations that create, change by an amount or spend have idempotency records', () => {
  expect(all.filter(([, { idempotency }]) => idempotency === 'durable').map(([id]) => id)).toEqual([
    'apis.createApi',
    'identities.createIdentity',
    'keys.createKey',
    'keys.migrateKeys',
    'keys.rerollKey',
    'keys.updateCredits',
    'permissions.createPermission',
    'permissions.createRole',
  ]);
  expect(all.filter(([, { mode }]) => mode === 'spend')).toEqual(
    all.filter(([, { idempotency }]) => idempotency === 'cached'),
  );
});

test('every one of them, and no other, can be in conflict with an earlier request', () => {
  const conflicting = all.filter(([, operation]) =>
    errorsByStatus(operation).get(409)?.includes('unkey/application/idempotency_conflict'),
  );
  expect(conflicting).toEqual(all.filter(([, { idempotency }]) => idempotency !== undefined));
});

test('liveness can only fail as any request can', () => {
  expect([...errorsByStatus(operations.liveness).keys()]).toEqual([405, 408, 500, 503]);
});
