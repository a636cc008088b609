import { type Operation, operations } from '@unkey-ts/contract';
import { afterEach, expect, test, vi } from 'vitest';
import { type Fetch, Unkey } from '../index.ts';
import { type LogOptions, logHooks, secretMember } from './index.ts';

const rootKey = 'unkey_rootkey_needle_1';
const verifiedKey = 'prod_verified_needle_2';
const createdKey = 'prod_created_needle_3';

afterEach(() => {
  vi.restoreAllMocks();
});

function recording(options: LogOptions, fetch: Fetch) {
  const lines: [string, object][] = [];
  const logger = { debug: (message: string, fields: object) => void lines.push([message, fields]) };
  const headers = { cookie: rootKey, 'x-api-key': rootKey, 'x-mine': 'shown' };
  const hooks = logHooks({ logger, ...options });
  return {
    lines,
    unkey: new Unkey({ rootKey, headers, fetch, hooks, retry: false, serverURL: 'http://a.test' }),
  };
}

const created: Fetch = async () =>
  Response.json(
    { meta: { requestId: 'r' }, data: { key: createdKey, keyId: 'key_1' } },
    { headers: { 'set-cookie': rootKey, 'x-request-id': 'r' } },
  );

test('requests and responses are logged with headers, and with bodies if that is wanted', async () => {
  const { lines, unkey } = recording({ level: 'body' }, created);
  await unkey.keys.createKey({ apiId: 'api_1' });
  expect(lines).toEqual([
    [
      'unkey: POST http://a.test/v2/keys.createKey, attempt 1',
      {
        operation: 'keys.createKey',
        attempt: 1,
        headers: expect.objectContaining({
          cookie: '[redacted]',
          'x-api-key': '[redacted]',
          'x-mine': 'shown',
        }),
        body: { apiId: 'api_1' },
      },
    ],
    [
      expect.stringMatching(/^unkey: keys\.createKey 200, \d+ ms, attempt 1$/),
      {
        operation: 'keys.createKey',
        attempt: 1,
        status: 200,
        durationMs: expect.any(Number),
        headers: expect.objectContaining({ 'set-cookie': '[redacted]', 'x-request-id': 'r' }),
        body: { meta: { requestId: 'r' }, data: { key: '[redacted]', keyId: 'key_1' } },
      },
    ],
  ]);
  const plain = recording({}, created);
  await plain.unkey.keys.createKey({ apiId: 'api_1' });
  expect(plain.lines.map(([, fields]) => 'body' in fields)).toEqual([false, false]);
});

test('no key gets into the log, whatever the response', async () => {
  const echo = `${verifiedKey} ${rootKey}`;
  const responses: Fetch[] = [
    created,
    async () => Response.json({ meta: {}, error: { detail: `Of ${verifiedKey}.` } }, { status: 404 }),
    async () => new Response(`<h1>${verifiedKey}</h1>`, { status: 502 }),
    () => Promise.reject(new Error(`cannot send ${echo}`)),
    async () => ({ status: 200, headers: { get: () => null }, text: async () => '{}' }),
  ];
  for (const fetch of responses) {
    const { lines, unkey } = recording({ level: 'body' }, fetch);
    await unkey.keys.verifyKey({ key: verifiedKey }).safe();
    await unkey.keys.migrateKeys({ migrationId: 'm', apiId: 'a', keys: [{ hash: verifiedKey }] }).safe();
    expect(lines).toHaveLength(4);
    for (const needle of [rootKey, verifiedKey, createdKey])
      expect(JSON.stringify(lines)).not.toContain(needle);
  }
});

test('without a logger it writes to standard error', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {});
  const unkey = new Unkey({ rootKey, fetch: created, hooks: logHooks() });
  await unkey.keys.createKey({ apiId: 'api_1' });
  expect(written).toHaveBeenCalledTimes(2);
});

test('every member that the contract marks as secret is replaced', () => {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if ((value as { 'x-redact'?: unknown } | null)?.['x-redact'] === true) found.add(name);
      visit(value);
    }
  };
  for (const { input, output } of Object.values<Operation>(operations)) visit([input, output]);
  expect([...found].filter((name) => !secretMember.test(name))).toEqual([]);
  expect(found.size).toBeGreaterThan(1);
});
