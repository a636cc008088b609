import { expect, test } from 'vitest';
import { keyColumns } from '../port/records.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import {
  apiOf,
  at,
  auditOf,
  createKey,
  creditsOf,
  fullRecordOf,
  identityOf,
  keyOf,
  mostInteger,
  overrideOf,
  permissionOf,
  ratelimitOf,
  roleOf,
  rootKeyOf,
  workspaceOf,
} from './samples.ts';

const ws = 'ws_1';
const scripts = {
  astral: '😀𝔘🏳️‍🌈',
  composed: 'caf\u00e9',
  combining: 'cafe\u0301',
  'right to left': 'שלום \u200fעולם',
  'line breaks and controls': ' a\tb\r\n\u0001\u2028 ',
  quotes: `'";--\\%_`,
};

export function valuesConform(open: OpenStorage): void {
  const current = openForEach(open);

  test('null stays null, and empty stays empty', async () => {
    const key = await current().write(async (store) => {
      await createKey(store);
      return store.keys.find(ws, 'key_1');
    });
    expect(key).toMatchObject({
      prefix: null,
      name: null,
      meta: null,
      expiresAt: null,
      updatedAt: null,
      lastUsedAt: null,
      pendingMigrationId: null,
      ciphertext: null,
      credits: { remaining: null, refill: null, lastRefillAt: null },
      identity: null,
      permissions: [],
      roles: [],
      ratelimits: [],
    });
    const changed = await current().write(async (store) => {
      await store.keys.update(ws, 'key_1', { name: '', meta: {}, prefix: '' });
      return store.keys.find(ws, 'key_1');
    });
    expect(changed).toMatchObject({ name: '', meta: {}, prefix: '' });
  });

  test('every column of a key is stored at creation and by a change', async () => {
    const [created, changed] = [1, 2].map((number) => ({
      ...fullRecordOf(keyColumns, number),
      credits: { remaining: number, refill: { amount: number, day: number }, lastRefillAt: number },
      id: 'key_1',
      apiId: 'api_1',
    }));
    if (created === undefined || changed === undefined) throw new Error('There are two.');
    const find = () => current().read((store) => store.keys.find(ws, 'key_1'));
    await current().write((store) => createKey(store, created));
    expect(await find()).toMatchObject(created);
    const { id, apiId, ...changes } = changed;
    await current().write((store) => store.keys.update(ws, id, changes));
    expect(await find()).toMatchObject({ ...changes, apiId });
  });

  test('a change keeps members that it does not name, and null removes one', async () => {
    await current().write(async (store) => {
      await createKey(store, { name: 'Name', meta: { a: 1 }, expiresAt: 5, credits: creditsOf(3) });
      await store.keys.update(ws, 'key_1', { isEnabled: false, expiresAt: null });
    });
    expect(await current().read((store) => store.keys.find(ws, 'key_1'))).toMatchObject({
      name: 'Name',
      meta: { a: 1 },
      isEnabled: false,
      expiresAt: null,
      credits: { remaining: 3 },
    });
  });

  test('integers are exact up to 2^53 − 1', async () => {
    const credits = {
      remaining: mostInteger,
      refill: { amount: mostInteger, day: 31 },
      lastRefillAt: at,
    };
    const limit = ratelimitOf('most', { limit: mostInteger, durationMs: mostInteger });
    await current().write(async (store) => {
      await store.workspaces.create(workspaceOf({ requestsPerMinute: mostInteger }));
      await createKey(store, { credits, expiresAt: mostInteger });
      await store.keys.saveRatelimits(ws, 'key_1', [limit]);
      await store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: mostInteger });
      const override = overrideOf('*', { limit: mostInteger, durationMs: mostInteger });
      await store.namespaces.setOverride(ws, 'rlns_1', override);
    });
    expect(await current().read((store) => store.workspaces.find(ws))).toMatchObject({
      requestsPerMinute: mostInteger,
    });
    expect(await current().read((store) => store.keys.find(ws, 'key_1'))).toMatchObject({
      credits,
      expiresAt: mostInteger,
      ratelimits: [limit],
    });
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toMatchObject({
      expiresAt: mostInteger,
      ratelimits: [limit],
    });
    expect(await current().storage.findNamespace(ws, 'api')).toMatchObject({
      createdAt: mostInteger,
      overrides: [{ limit: mostInteger, durationMs: mostInteger }],
    });
    expect(await current().storage.readCredits(ws, 'key_1')).toEqual(credits);
    expect(await current().storage.spendCredits(ws, 'key_1', { cost: 1, now: at })).toEqual({
      remaining: mostInteger - 1,
      isSpent: true,
    });
  });

  test.each(Object.entries(scripts))('text is stored unchanged: %s', async (_, text) => {
    await current().write(async (store) => {
      await store.identities.create(ws, identityOf({ externalId: text, meta: { [text]: [text] } }));
      await createKey(store, { name: text, meta: { text }, identityId: 'id_1' });
      await store.roles.create(ws, [roleOf(text, { id: 'role_1', description: text })]);
      await store.keys.attachRoles(ws, 'key_1', ['role_1']);
      await store.namespaces.create(ws, { id: 'rlns_1', name: text, createdAt: at });
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf(text, { id: 'rlor_1' }));
    });
    expect(await current().read((store) => store.keys.find(ws, 'key_1'))).toMatchObject({
      name: text,
      meta: { text },
      identity: { externalId: text, meta: { [text]: [text] } },
      roles: [{ name: text, description: text }],
    });
    expect(await current().storage.findNamespace(ws, text)).toMatchObject({
      name: text,
      overrides: [{ identifier: text }],
    });
    expect(await current().read((store) => store.identities.findByExternalId(ws, text))).not.toBeNull();
  });

  test('identifiers of 512 characters are stored in full and differ by the last one', async () => {
    const long = `${'😀'.repeat(511)}a`;
    const other = `${'😀'.repeat(511)}b`;
    await current().write(async (store) => {
      for (const [id, name] of [
        ['rlns_1', long],
        ['rlns_2', other],
      ] as const) {
        await store.namespaces.create(ws, { id, name, createdAt: at });
      }
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf(long, { id: 'rlor_1' }));
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf(other, { id: 'rlor_2' }));
      await store.identities.create(ws, identityOf({ externalId: long }));
    });
    const namespace = await current().storage.findNamespace(ws, long);
    expect(namespace?.id).toBe('rlns_1');
    expect(namespace?.overrides.map(({ identifier }) => identifier).sort()).toEqual([long, other]);
    const absent = await current().read((store) => store.identities.findByExternalId(ws, other));
    expect(absent).toBeNull();
  });

  test('meta of 1 MiB is stored', async () => {
    const meta = { text: 'é'.repeat(1_048_576 / 2 - 20), nested: { list: [null, true, 1.5, 'x'] } };
    await current().write(async (store) => {
      await store.identities.create(ws, identityOf({ meta }));
      await createKey(store, { meta, identityId: 'id_1' });
    });
    const key = await current().read((store) => store.keys.find(ws, 'key_1'));
    expect(key?.meta).toEqual(meta);
    expect(key?.identity?.meta).toEqual(meta);
    expect((await current().storage.findVerifiableKey('hash-of-key_1'))?.meta).toEqual(meta);
  });

  test('ids, hashes, external ids, namespaces and identifiers are distinct if only case or blanks differ', async () => {
    await current().write(async (store) => {
      await createKey(store, { id: 'key_a', hash: 'Hash' });
      await store.keys.create(ws, keyOf({ id: 'key_A', hash: 'hash' }));
      for (const externalId of ['user', 'User', 'user ']) {
        await store.identities.create(ws, identityOf({ id: `id_${externalId}`, externalId }));
      }
      for (const name of ['api', 'API', ' api']) {
        await store.namespaces.create(ws, { id: `rlns_${name}`, name, createdAt: at });
      }
      for (const identifier of ['u', 'U', 'u ']) {
        await store.namespaces.setOverride(ws, 'rlns_api', overrideOf(identifier));
      }
    });
    const { storage, read } = current();
    expect((await storage.findVerifiableKey('Hash'))?.id).toBe('key_a');
    expect((await storage.findVerifiableKey('hash'))?.id).toBe('key_A');
    expect(await storage.findVerifiableKey('HASH')).toBeNull();
    expect((await read((store) => store.keys.find(ws, 'key_A')))?.hash).toBe('hash');
    expect((await read((store) => store.identities.find(ws, 'User')))?.id).toBe('id_User');
    expect(await read((store) => store.identities.find(ws, 'USER'))).toBeNull();
    expect((await storage.findNamespace(ws, ' api'))?.id).toBe('rlns_ api');
    expect((await storage.findNamespace(ws, 'api'))?.overrides).toHaveLength(3);
    expect(await storage.findNamespace(ws, 'Api')).toBeNull();
  });

  test('slugs and role names are found regardless of case, but not of accents', async () => {
    await current().write(async (store) => {
      await store.permissions.create(ws, [permissionOf('Doc.Read'), permissionOf('doc.write')]);
      await store.roles.create(ws, [roleOf('Büro'), roleOf('Buro')]);
    });
    const { read } = current();
    expect(await read((store) => store.permissions.find(ws, 'dOC.rEAD'))).toMatchObject({ slug: 'Doc.Read' });
    const found = await read((store) => store.permissions.findBySlugs(ws, ['DOC.WRITE', 'doc.READ', 'no']));
    expect(found.map(({ slug }) => slug)).toEqual(['Doc.Read', 'doc.write']);
    expect(await read((store) => store.roles.find(ws, 'BÜRO'))).toMatchObject({ name: 'Büro' });
    expect(await read((store) => store.roles.find(ws, 'BURO'))).toMatchObject({ name: 'Buro' });
    expect(await read((store) => store.roles.find(ws, 'BÚRO'))).toBeNull();
    await expect(
      current().write((store) => store.permissions.create(ws, [permissionOf('DOC.read', { id: 'perm_2' })])),
    ).rejects.toThrow();
    await expect(
      current().write((store) => store.roles.create(ws, [roleOf('BÜRO', { id: 'role_2' })])),
    ).rejects.toThrow();
  });

  test('an id takes precedence over an equal external id, slug or name', async () => {
    await current().write(async (store) => {
      await store.identities.create(ws, identityOf({ id: 'id_1', externalId: 'id_2' }));
      await store.identities.create(ws, identityOf({ id: 'id_2', externalId: 'id_1' }));
      await store.permissions.create(ws, [permissionOf('p', { id: 'perm_1', slug: 'perm_2' })]);
      await store.permissions.create(ws, [permissionOf('q', { id: 'perm_2', slug: 'perm_1' })]);
      await store.roles.create(ws, [roleOf('role_2', { id: 'role_1' }), roleOf('role_1', { id: 'role_2' })]);
      await store.namespaces.create(ws, { id: 'rlns_1', name: 'rlns_2', createdAt: at });
      await store.namespaces.create(ws, { id: 'rlns_2', name: 'rlns_1', createdAt: at });
    });
    const { read, storage } = current();
    expect((await read((store) => store.identities.find(ws, 'id_1')))?.id).toBe('id_1');
    expect((await read((store) => store.permissions.find(ws, 'perm_1')))?.id).toBe('perm_1');
    expect((await read((store) => store.roles.find(ws, 'role_1')))?.id).toBe('role_1');
    expect((await read((store) => store.namespaces.find(ws, 'rlns_1')))?.id).toBe('rlns_1');
    expect((await storage.findNamespace(ws, 'rlns_1'))?.id).toBe('rlns_1');
  });

  test('the hash of a deleted key stays reserved, that of an erased one is free', async () => {
    const isTaken = await current().write(async (store) => {
      await createKey(store);
      await store.keys.create(ws, keyOf({ id: 'key_2' }));
      await store.keys.delete(ws, 'key_1', at);
      await store.keys.purge(ws, 'key_2');
      return [
        await store.keys.isHashTaken('ws_1', 'hash-of-key_1'),
        await store.keys.isHashTaken('ws_1', 'hash-of-key_2'),
        await store.keys.find(ws, 'key_1'),
        await store.keys.findByHash(ws, 'hash-of-key_1'),
      ];
    });
    expect(isTaken).toEqual([true, false, null, null]);
    expect(await current().storage.findVerifiableKey('hash-of-key_1')).toBeNull();
  });

  test('keys of a deleted API are absent everywhere', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.apis.delete(ws, 'api_1', at);
    });
    const { read, storage } = current();
    expect(await read((store) => store.keys.find(ws, 'key_1'))).toBeNull();
    expect(
      (await read((store) => store.keys.list(ws, 'api_1', { cursor: undefined, limit: 10 }))).rows,
    ).toEqual([]);
    expect(await storage.findVerifiableKey('hash-of-key_1')).toBeNull();
  });

  test('a deleted identity is removed from its keys, and its external id is free; a later one does not get its keys', async () => {
    await current().write(async (store) => {
      await store.identities.create(ws, identityOf());
      await createKey(store, { identityId: 'id_1' });
      for (const id of ['id_2', 'id_3', 'id_4']) {
        const before = await store.identities.findByExternalId(ws, 'user_1');
        if (before) await store.identities.delete(ws, before.id, at);
        await store.identities.create(ws, identityOf({ id }));
      }
    });
    expect((await current().read((store) => store.keys.find(ws, 'key_1')))?.identity).toBeNull();
    expect((await current().storage.findVerifiableKey('hash-of-key_1'))?.identity).toBeNull();
    expect((await current().read((store) => store.identities.find(ws, 'user_1')))?.id).toBe('id_4');
  });

  test('permissions of a verifiable key are its own and those of its roles, each once, sorted', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.permissions.create(
        ws,
        ['b', 'a', 'c', 'A.x'].map((slug) => permissionOf(slug)),
      );
      await store.roles.create(ws, [roleOf('two'), roleOf('one')]);
      await store.roles.attachPermissions(ws, 'role_one', ['perm_b', 'perm_c']);
      await store.roles.attachPermissions(ws, 'role_two', ['perm_b', 'perm_A.x']);
      await store.keys.attachRoles(ws, 'key_1', ['role_two', 'role_one']);
      await store.keys.attachPermissions(ws, 'key_1', ['perm_a', 'perm_b']);
      await store.keys.attachPermissions(ws, 'key_1', ['perm_a']);
    });
    const key = await current().storage.findVerifiableKey('hash-of-key_1');
    expect(key?.permissions).toEqual(['A.x', 'a', 'b', 'c']);
    expect(key?.roles).toEqual(['one', 'two']);
    await current().write(async (store) => {
      await store.roles.delete(ws, 'role_two');
      await store.permissions.delete(ws, 'perm_b');
    });
    expect((await current().storage.findVerifiableKey('hash-of-key_1'))?.permissions).toEqual(['a', 'c']);
  });

  test('a key gets and loses more permissions than one statement can hold', async () => {
    const slugs = Array.from({ length: 40_000 }, (_, index) => `p${index}`);
    const ids = slugs.map((slug) => `perm_${slug}`);
    await current().write(async (store) => {
      await createKey(store);
      await store.permissions.create(
        ws,
        slugs.map((slug) => permissionOf(slug)),
      );
      await store.keys.attachPermissions(ws, 'key_1', ids);
    });
    const held = async () => (await current().storage.findVerifiableKey('hash-of-key_1'))?.permissions.length;
    expect(await held()).toBe(40_000);
    await current().write((store) => store.keys.detachPermissions(ws, 'key_1', ids));
    expect(await held()).toBe(0);
  });

  test('limits are replaced as a whole; an override that is set again comes back under its id', async () => {
    await current().write(async (store) => {
      await createKey(store);
      await store.keys.saveRatelimits(ws, 'key_1', [ratelimitOf('b'), ratelimitOf('a')]);
      await store.keys.saveRatelimits(ws, 'key_1', [ratelimitOf('a', { limit: 3, isAutoApplied: false })]);
      await store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: at });
      await store.namespaces.setOverride(ws, 'rlns_1', overrideOf('u', { id: 'rlor_1', limit: 1 }));
      await store.namespaces.deleteOverride(ws, 'rlns_1', 'rlor_1', at);
    });
    const { read, write, storage } = current();
    expect((await read((store) => store.keys.find(ws, 'key_1')))?.ratelimits).toEqual([
      ratelimitOf('a', { limit: 3, isAutoApplied: false }),
    ]);
    expect((await storage.findNamespace(ws, 'api'))?.overrides).toEqual([]);
    const again = overrideOf('u', { id: 'rlor_2', limit: 2 });
    expect(await write((store) => store.namespaces.setOverride(ws, 'rlns_1', again))).toBe('rlor_1');
    expect((await storage.findNamespace(ws, 'api'))?.overrides).toEqual([{ ...again, id: 'rlor_1' }]);
  });

  test('a caller has its permissions and its workspace, and is absent once deleted', async () => {
    await current().write(async (store) => {
      await store.workspaces.create(workspaceOf({ wrappedDataKey: 'wrapped' }));
      await store.rootKeys.create(rootKeyOf({ name: 'Name', expiresAt: 7 }));
      await store.rootKeys.create(rootKeyOf({ id: 'key_lost', workspaceId: 'ws_absent', hash: 'lost' }));
    });
    const { storage, write } = current();
    const { hash: _, ...rootKey } = rootKeyOf({ name: 'Name', expiresAt: 7 });
    expect(await storage.findCaller('root-hash')).toEqual({
      rootKey,
      workspace: workspaceOf({ wrappedDataKey: 'wrapped' }),
    });
    expect((await storage.findCaller('lost'))?.workspace).toBeNull();
    expect(await write((store) => store.rootKeys.setEnabled('key_root', false))).toBe(true);
    expect((await storage.findCaller('root-hash'))?.rootKey.isEnabled).toBe(false);
    expect(await write((store) => store.rootKeys.delete('key_root', at))).toBe(true);
    expect(await write((store) => store.rootKeys.delete('key_root', at))).toBe(false);
    expect(await storage.findCaller('root-hash')).toBeNull();
  });

  test('many keys at once are stored as one by one, without links into other workspaces', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `key_${index}`);
    const made = ids.map((id, index) => ({
      ...keyOf({ id, name: index % 2 === 0 ? `Name ${index}` : null, identityId: 'id_1' }),
      credits: creditsOf(index),
      ratelimits: [ratelimitOf('requests', { id: `rl_${index}` })],
      permissionIds: ['perm_p', 'perm_of other', 'perm_absent'],
      roleIds: ['role_r', 'role_of other'],
    }));
    await current().write(async (store) => {
      await store.apis.create(ws, apiOf());
      await store.identities.createMany(ws, [
        identityOf({ meta: { a: 1 } }),
        identityOf({ id: 'id_2', externalId: 'u' }),
      ]);
      await store.permissions.create(ws, [permissionOf('p')]);
      await store.permissions.create('ws_2', [permissionOf('of other')]);
      await store.roles.create(ws, [roleOf('r')]);
      await store.roles.create('ws_2', [roleOf('of other')]);
      await store.keys.createMany(ws, made);
      await store.keys.createMany(ws, []);
    });
    const { read } = current();
    const page = await read((store) => store.keys.list(ws, 'api_1', { cursor: undefined, limit: 200 }));
    expect(page.rows.map(({ id }) => id)).toEqual([...ids].sort());
    for (const [index, id] of ids.entries()) {
      expect(page.rows.find((key) => key.id === id)).toMatchObject({
        name: made[index]?.name,
        credits: { remaining: index },
        identity: { id: 'id_1', meta: { a: 1 } },
        permissions: [{ id: 'perm_p' }],
        roles: [{ id: 'role_r' }],
        ratelimits: [{ id: `rl_${index}` }],
      });
    }
    const hashes = ['hash-of-key_7', 'free', 'hash-of-key_149'];
    expect(await read((store) => store.keys.takenHashes('ws_1', hashes))).toEqual(
      new Set(['hash-of-key_7', 'hash-of-key_149']),
    );
    expect(await read((store) => store.identities.findIds(ws, ['user_1', 'u', 'none']))).toEqual(
      new Map([
        ['user_1', 'id_1'],
        ['u', 'id_2'],
      ]),
    );
    expect(await read((store) => store.identities.findIds('ws_2', ['user_1']))).toEqual(new Map());
  });

  test('audit records before a time are deleted, the oldest first, at most so many at once', async () => {
    const records = [3, 1, 2, 5, 4].map((day) =>
      auditOf({ id: `log_${day}`, at: day, workspaceId: `ws_${day % 2}` }),
    );
    await current().write((store) => store.audit.append(records));
    const deleteBefore = (before: number, limit: number) =>
      current().storage.write((store) => store.audit.deleteBefore(before, limit), 'unordered');
    const left = async () => {
      const listed = await current().read((store) => store.audit.list({ since: 0, limit: 10 }));
      return listed.map((record) => record.id);
    };
    const count = (limit: number) => current().read((store) => store.audit.countBefore(4, limit));
    expect([await count(10), await count(2)]).toEqual([3, 2]);
    expect([await deleteBefore(4, 2), await left()]).toEqual([2, ['log_3', 'log_4', 'log_5']]);
    expect([await deleteBefore(4, 2), await left()]).toEqual([1, ['log_4', 'log_5']]);
    expect(await deleteBefore(4, 2)).toBe(0);
  });

  test('audit records come back as they were written, oldest first', async () => {
    const records = [
      auditOf({ id: 'log_2', at: at + 5 }),
      auditOf({
        id: 'log_1',
        at: at + 5,
        remoteIp: '2001:db8::1',
        userAgent: 'é😀',
        correlationId: 'cor_1',
        resources: [{ type: 'key', id: 'key_1', name: 'N', meta: { a: [1] } }],
      }),
      auditOf({ id: 'log_0', workspaceId: 'ws_2', at }),
    ];
    await current().write((store) => store.audit.append(records));
    const { read } = current();
    expect(await read((store) => store.audit.list({ since: at + 1, limit: 10 }))).toEqual(
      records.slice(0, 2),
    );
    expect(await read((store) => store.audit.list({ since: 0, limit: 10, workspaceId: 'ws_2' }))).toEqual([
      records[2],
    ]);
    expect(await read((store) => store.audit.list({ since: 0, limit: 1 }))).toHaveLength(1);
  });

  test('an API of another name than its id keeps its settings', async () => {
    const settings = {
      isProtected: true,
      allowedIps: '10.0.0.0/8',
      defaultPrefix: 'p',
      defaultByteLength: 255,
    };
    await current().write(async (store) => {
      await store.apis.create(ws, apiOf({ name: scripts.astral }));
      await store.apis.update(ws, 'api_1', settings);
    });
    expect(await current().read((store) => store.apis.find(ws, 'api_1'))).toEqual({
      ...apiOf({ name: scripts.astral }),
      ...settings,
      workspaceId: ws,
    });
  });
}
