import { expect, test } from 'vitest';
import type { Page, PageQuery } from '../port/records.ts';
import type { Store } from '../port/store.ts';
import { type OpenStorage, openForEach } from './opened.ts';
import { apiOf, at, identityOf, keyOf, overrideOf, permissionOf, roleOf } from './samples.ts';

const ws = 'ws_1';
type List = (store: Store, query: PageQuery) => Promise<Page<{ readonly id: string }>>;

/** Each list, and how to create a row of it. */
const lists: Record<string, { list: List; create: (store: Store, id: string) => Promise<unknown> }> = {
  keys: {
    list: (store, query) => store.keys.list(ws, 'api_1', query),
    create: (store, id) => store.keys.create(ws, keyOf({ id })),
  },
  identities: {
    list: (store, query) => store.identities.list(ws, query),
    create: (store, id) => store.identities.create(ws, identityOf({ id, externalId: id })),
  },
  permissions: {
    list: (store, query) => store.permissions.list(ws, query),
    create: (store, id) =>
      store.permissions.create(ws, [permissionOf(id, { id, slug: `slug-${id.charCodeAt(0)}` })]),
  },
  roles: {
    list: (store, query) => store.roles.list(ws, query),
    create: (store, id) => store.roles.create(ws, [roleOf(id, { id, name: `name ${id.charCodeAt(0)}` })]),
  },
  overrides: {
    list: (store, query) => store.namespaces.listOverrides(ws, 'rlns_1', query),
    create: (store, id) => store.namespaces.setOverride(ws, 'rlns_1', overrideOf(id, { id })),
  },
};

const searched = ['100% off', 'snake_case', 'back\\slash', 'Übung macht', 'plain', 'Cafe\u0301 ΟΔΟΣ'];
const searches: Record<string, string[]> = {
  '%': ['100% off'],
  '0% O': ['100% off'],
  e_c: ['snake_case'],
  '\\': ['back\\slash'],
  übung: ['Übung macht'],
  'ÜBUNG M': ['Übung macht'],
  UBUNG: ['Übung macht'],
  'u\u0308bung': ['Übung macht'],
  CAFÉ: ['Cafe\u0301 ΟΔΟΣ'],
  cafe: ['Cafe\u0301 ΟΔΟΣ'],
  οδοσ: ['Cafe\u0301 ΟΔΟΣ'],
  οδος: ['Cafe\u0301 ΟΔΟΣ'],
  '***=': [],
  '.': [],
  '  plain ': ['plain'],
  '': searched,
  '   ': searched,
  'plain%': [],
  "'": [],
};

function fail(): never {
  throw new Error('There is no such list.');
}

export function pagesConform(open: OpenStorage): void {
  const current = openForEach(open);

  for (const [name, { list, create }] of Object.entries(lists)) {
    test(`${name} are paged by id, in order of code points, each once`, async () => {
      await current().write(async (store) => {
        await store.apis.create(ws, apiOf());
        await store.namespaces.create(ws, { id: 'rlns_1', name: 'api', createdAt: at });
        for (const id of ['b', 'D', 'a', 'Z', 'c', 'e', 'A']) await create(store, id);
      });
      const page = async (cursor: string | undefined, limit: number) => {
        const { rows, nextCursor } = await current().read((store) => list(store, { cursor, limit }));
        return [rows.map(({ id }) => id).join(''), nextCursor];
      };
      expect(await page(undefined, 3)).toEqual(['ADZ', 'a']);
      expect(await page('a', 3)).toEqual(['abc', 'e']);
      expect(await page('e', 3)).toEqual(['e', null]);
      expect(await page(undefined, 7)).toEqual(['ADZabce', null]);
      expect(await page('', 100)).toEqual(['ADZabce', null]);
      // No row has these ids: they are lower bounds like any other.
      expect(await page('bb', 1)).toEqual(['c', 'e']);
      expect(await page('zzz', 10)).toEqual(['', null]);
    });
  }

  test.each(Object.entries(searches))(
    'searching for "%s" is literal, regardless of case and accents',
    async (search, found) => {
      await current().write(async (store) => {
        for (const [index, text] of searched.entries()) {
          await store.identities.create(ws, identityOf({ id: `i${index}`, externalId: text }));
          await store.roles.create(ws, [roleOf(text, { id: `r${index}` })]);
          const [id, slug] = [`q${index}`, `s${index}`];
          await store.permissions.create(ws, [permissionOf(slug, { id, name: 'n', description: text })]);
        }
      });
      const query = { cursor: undefined, limit: 100, search };
      const { read } = current();
      const identities = await read((store) => store.identities.list(ws, query));
      const roles = await read((store) => store.roles.list(ws, query));
      const permissions = await read((store) => store.permissions.list(ws, query));
      expect(identities.rows.map(({ externalId }) => externalId)).toEqual(found);
      expect(roles.rows.map(({ name }) => name)).toEqual(found);
      expect(permissions.rows.map(({ description }) => description)).toEqual(found);
    },
  );

  const large = { text: 'x'.repeat(300 * 1024) };
  const filled: Record<string, (store: Store) => Promise<unknown>> = {
    keys: async (store) => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) await store.keys.create(ws, keyOf({ id, meta: large }));
    },
    'keys of large identities': async (store) => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await store.identities.create(ws, identityOf({ id, externalId: id, meta: large }));
        await store.keys.create(ws, keyOf({ id, identityId: id }));
      }
    },
    identities: async (store) => {
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await store.identities.create(ws, identityOf({ id, externalId: id, meta: large }));
      }
    },
    roles: async (store) => {
      const permissions = Array.from({ length: 3000 }, (_, index) => permissionOf(`slug-${index}`));
      await store.permissions.create(ws, permissions);
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await store.roles.create(ws, [roleOf(id, { id })]);
        const ids = permissions.map((permission) => permission.id);
        await store.roles.attachPermissions(ws, id, ids);
      }
    },
  };
  test.each(Object.entries(filled))(
    '%s: a page ends at its size, and its cursor leads on',
    async (name, fill) => {
      await current().write(async (store) => {
        await store.apis.create(ws, apiOf());
        await fill(store);
      });
      const list = lists[name.split(' ')[0] ?? '']?.list;
      const page = async (cursor: string | undefined, limit: number) => {
        const found = await current().read((store) => list?.(store, { cursor, limit }) ?? fail());
        return [found.rows.map(({ id }) => id).join(''), found.nextCursor];
      };
      expect(await page(undefined, 100)).toEqual(['abcd', 'e']);
      expect(await page('e', 100)).toEqual(['e', null]);
      expect(await page(undefined, 2)).toEqual(['ab', 'c']);
    },
  );

  test('search includes ids and is paged', async () => {
    await current().write(async (store) => {
      for (const id of ['id_a1', 'id_b', 'id_a2', 'id_a3']) {
        await store.identities.create(ws, identityOf({ id, externalId: `of ${id.slice(-1)}` }));
      }
    });
    const page = (cursor: string | undefined) =>
      current().read((store) => store.identities.list(ws, { cursor, limit: 2, search: 'ID_A' }));
    const first = await page(undefined);
    expect([first.rows.map(({ id }) => id), first.nextCursor]).toEqual([['id_a1', 'id_a2'], 'id_a3']);
    const second = await page('id_a3');
    expect([second.rows.map(({ id }) => id), second.nextCursor]).toEqual([['id_a3'], null]);
  });

  test('keys of one external id are those of its live identity', async () => {
    await current().write(async (store) => {
      await store.apis.create(ws, apiOf());
      await store.identities.create(ws, identityOf({ id: 'id_1', externalId: 'u' }));
      await store.keys.create(ws, keyOf({ id: 'key_1', identityId: 'id_1' }));
      await store.identities.delete(ws, 'id_1', at);
      await store.identities.create(ws, identityOf({ id: 'id_2', externalId: 'u' }));
      await store.keys.create(ws, keyOf({ id: 'key_2', identityId: 'id_2' }));
      await store.keys.create(ws, keyOf({ id: 'key_3' }));
    });
    const idsOf = async (externalId: string) => {
      const query = { cursor: undefined, limit: 10 };
      const page = await current().read((store) => store.keys.list(ws, 'api_1', query, externalId));
      return page.rows.map(({ id }) => id);
    };
    expect([await idsOf('u'), await idsOf('U'), await idsOf('id_2')]).toEqual([['key_2'], [], []]);
  });
}
