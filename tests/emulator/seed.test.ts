import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestUnkey, EmulatorError, type Seed, type TestUnkey } from '@unkey-ts/emulator';
import { Unkey } from 'unkey-ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const now = '2026-01-01T00:00:00Z';
let folder: string;
const open: TestUnkey[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-seed-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const unkey of open.splice(0)) await unkey.close();
});

async function start(
  seed: string | Seed,
): Promise<{ unkey: TestUnkey; clientOf: (rootKey: string) => Unkey }> {
  const unkey = await createTestUnkey({ now, seed });
  open.push(unkey);
  return { unkey, clientOf: (rootKey) => new Unkey({ rootKey, fetch: unkey.fetch, retry: false }) };
}

async function fileOf(text: string, name = 'unkey.seed.yaml'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

async function mistakesIn(seed: string | Seed): Promise<string> {
  const failure = await createTestUnkey({ now, seed }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmulatorError);
  return (failure as Error).message.replaceAll(`${folder}/`, '');
}

const whole = `
rootKeys:
  - key: unkey_emulator_reader
    permissions: [api.*.read_key, api.api_docs.verify_key]
permissions: [documents.read, documents.write]
roles:
  - name: Editor
    description: Writes
    permissions: [documents.write]
apis:
  - { id: api_docs, name: documents, prefix: doc, byteLength: 24 }
  - name: billing
identities:
  - externalId: acme
    meta: { plan: pro }
    ratelimits: [{ name: requests, limit: 1, duration: 60000, autoApply: true }]
keys:
  - key: doc_alice
    id: key_alice
    api: documents
    externalId: acme
    name: Alice
    meta: { seat: 1 }
    roles: [Editor]
    permissions: [documents.read]
    recoverable: true
  - { key: billing_bob, api: billing, expires: 30d, credits: { remaining: 2, refill: { interval: daily, amount: 5 } } }
  - { key: billing_off, api: billing, enabled: false, expires: '2026-02-01' }
  - { api: api_docs, externalId: acme }
namespaces:
  - name: email
    overrides: [{ identifier: 'vip_*', limit: 9, duration: 1000 }]
workspaces:
  - name: other
    rootKeys: [{ key: unkey_emulator_other }]
    apis: [{ name: documents }]
    keys: [{ key: other_key }]
    requestsPerMinute: 3
`;

test('everything that a seed names is there', async () => {
  const { unkey, clientOf } = await start(await fileOf(whole));
  const client = clientOf(unkey.rootKey);
  const alice = { key: 'doc_alice', permissions: 'documents.read AND documents.write' };
  expect(await unkey.expectVerified('doc_alice', { permissions: alice.permissions })).toMatchObject({
    keyId: 'key_alice',
    name: 'Alice',
    meta: { seat: 1 },
    roles: ['Editor'],
    identity: { externalId: 'acme', meta: { plan: 'pro' } },
  });
  // The limit of its identity allows one verification a minute.
  expect((await client.keys.verifyKey(alice)).data.code).toBe('RATE_LIMITED');
  const stored = (await client.keys.getKey({ keyId: 'key_alice', decrypt: true })).data;
  expect(stored).toMatchObject({ start: 'doc_', plaintext: 'doc_alice' });

  expect(await unkey.expectVerified('billing_bob')).toMatchObject({
    credits: 1,
    expires: Date.parse('2026-01-31'),
  });
  expect((await client.keys.verifyKey({ key: 'billing_off' })).data).toMatchObject({
    code: 'DISABLED',
    expires: Date.parse('2026-02-01'),
  });
  const keys = await client.apis.listKeys({ apiId: 'api_docs' });
  expect(keys.data).toHaveLength(2);
  const limit = { namespace: 'email', identifier: 'vip_1', limit: 1, duration: 60_000 };
  expect((await client.ratelimit.limit(limit)).data).toMatchObject({
    limit: 9,
    overrideId: expect.any(String),
  });
  const { key } = await unkey.createKeyFor({ apiId: 'api_docs' });
  expect(key).toMatch(/^doc_/);
});

test('root keys have their permissions, and workspaces see nothing of each other', async () => {
  const { unkey, clientOf } = await start(await fileOf(whole));
  const reader = clientOf('unkey_emulator_reader');
  expect((await reader.keys.verifyKey({ key: 'doc_alice' })).data.code).toBe('VALID');
  await expect(reader.apis.createApi({ name: 'refused' })).rejects.toMatchObject({ status: 403 });
  const other = clientOf('unkey_emulator_other');
  expect((await other.keys.verifyKey({ key: 'other_key' })).data.code).toBe('VALID');
  expect((await other.keys.verifyKey({ key: 'doc_alice' })).data.code).toBe('NOT_FOUND');
  expect((await clientOf(unkey.rootKey).keys.verifyKey({ key: 'other_key' })).data.code).toBe('NOT_FOUND');
  for (let count = 2; count <= 3; count++) await other.keys.verifyKey({ key: 'other_key' });
  await expect(other.keys.verifyKey({ key: 'other_key' })).rejects.toMatchObject({ status: 429 });
});

test('JSON and objects are seeds, too; an empty one is a workspace', async () => {
  const seed: Seed = { apis: [{ name: 'first' }], keys: [{ key: 'known' }] };
  for (const source of [seed, await fileOf(JSON.stringify(seed), 'seed.json')]) {
    const { unkey } = await start(source);
    expect(await unkey.expectVerified('known')).toMatchObject({ valid: true });
  }
  for (const source of [{}, await fileOf('', 'empty.yaml'), await fileOf('# nothing\n', 'comment.yml')]) {
    const { unkey } = await start(source);
    expect((await unkey.createKeyFor()).apiId).toMatch(/^api_/);
  }
  // A key needs no API of its own.
  const { unkey } = await start({ keys: [{ key: 'alone' }] });
  expect(await unkey.expectVerified('alone')).toMatchObject({ valid: true });
});

test.each([
  ['apis:\n  - name: a\n    colour: red', 'unkey.seed.yaml:3:13: seed.apis[0].colour'],
  ['keys: {}', 'unkey.seed.yaml:1:7: seed.keys must be an array'],
  ['keys:\n  - key: 5', 'unkey.seed.yaml:2:10: seed.keys[0].key must be a string'],
  ['apis:\n  - prefix: a', 'unkey.seed.yaml:2:5: seed.apis[0].name'],
  [
    'permissions: [documents.read]\nkeys:\n  - permissions: [documents.raed]',
    'unkey.seed.yaml:3:19: seed.keys[0].permissions[0] is "documents.raed", which is no permission of this seed (it has documents.read). Did you mean \'documents.read\'?',
  ],
  [
    'roles:\n  - name: a\n    permissions: [x]',
    'seed.roles[0].permissions[0] is "x", which is no permission of this seed (it has none)',
  ],
  ['keys:\n  - roles: [Editor]', 'seed.keys[0].roles[0] is "Editor", which is no role of this seed'],
  [
    'apis: [{ name: one }, { name: two }]\nkeys:\n  - { key: k }',
    'seed.keys[0] does not say its API; add api: one or two',
  ],
  [
    'apis: [{ name: one }]\nkeys:\n  - { api: c }',
    'seed.keys[0].api is "c", which is no API of this seed (it has one)',
  ],
  ['keys:\n  - key: k\n  - key: k', 'unkey.seed.yaml:3:5: seed.keys[1] repeats "k"'],
  ['keys:\n  - expires: soon', 'seed.keys[0].expires is not usable'],
  ['rootKeys:\n  - key: unkey_real', 'unkey.seed.yaml:2:10: seed.rootKeys[0].key'],
  ['rootKeys:\n  - key: unkey_emulator_root_key', 'seed.rootKeys[0] repeats "unkey_emulator_root_key"'],
  [
    'rootKeys:\n  - key: unkey_emulator_a\n    permissions: [api.read]',
    'which is no permission of root keys',
  ],
  ['workspaces:\n  - name: other', 'seed.workspaces[0] has no root key'],
  [
    'keys:\n  - credits: { remaining: 1, refill: { interval: monthly, amount: 1 } }',
    'unkey.seed.yaml:2:5: seed.keys[0]: keys.createKey is refused',
  ],
  ['keys: [', 'unkey.seed.yaml:1:8: '],
  ['- a', 'seed must be an object'],
])('%j is refused with its place', async (text, message) => {
  expect(await mistakesIn(await fileOf(text))).toContain(message);
});

test('every mistake is named at once, and those of an object without a place', async () => {
  const seed = { apis: [{ nam: 'a' }], keys: [{ key: '' }] } as unknown as Seed;
  const message = await mistakesIn(seed);
  expect(message.split('\n')).toHaveLength(4);
  expect(message).toContain('\n  seed.apis[0].nam');
});

test('an alias that grows without bound is refused', async () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, index) => {
      const before = 'abcdefg'[index];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`;
    }),
  ].join('\n');
  expect(await mistakesIn(await fileOf(bomb))).toContain('unkey.seed.yaml');
});
