import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ListCall,
  Page,
  type PageBody,
  type RequestContext,
  ResponseValidationError,
  Unkey,
} from '../../packages/sdk/src/index.ts';
import { type Service, startService } from '../service.ts';
import { page, type ScriptedPeer, startPeer } from './scripted-peer.ts';

const names = ['one', 'two', 'three', 'four', 'five'];

let service: Service;
let peer: ScriptedPeer;
const requests: RequestContext[] = [];
beforeAll(async () => {
  service = await startService();
  peer = await startPeer();
});
afterAll(async () => {
  await peer.close();
  await service.close();
});

/** Five items of each kind, and a client that records its requests. */
async function newClient(): Promise<{ unkey: Unkey; apiId: string }> {
  const { rootKey } = await service.newWorkspace();
  const unkey = new Unkey({
    rootKey,
    serverURL: service.url,
    hooks: { beforeRequest: (request) => void requests.push(request) },
  });
  const { apiId } = (await unkey.apis.createApi({ name: 'pages' })).data;
  requests.length = 0;
  return { unkey, apiId };
}

type Fill = (unkey: Unkey, apiId: string, name: string) => PromiseLike<unknown>;
type List = (unkey: Unkey, apiId: string, limit: number, headers: Record<string, string>) => ListCall<object>;

const lists: [string, Fill, List, (item: never) => string][] = [
  [
    'apis.listKeys',
    (unkey, apiId, name) => unkey.keys.createKey({ apiId, name }),
    (unkey, apiId, limit, headers) => unkey.apis.listKeys({ apiId, limit }, { headers }),
    ({ name }: { name: string }) => name,
  ],
  [
    'identities.listIdentities',
    (unkey, _, externalId) => unkey.identities.createIdentity({ externalId }),
    (unkey, _, limit, headers) => unkey.identities.listIdentities({ limit }, { headers }),
    ({ externalId }: { externalId: string }) => externalId,
  ],
  [
    'permissions.listPermissions',
    (unkey, _, name) => unkey.permissions.createPermission({ name, slug: name }),
    (unkey, _, limit, headers) => unkey.permissions.listPermissions({ limit }, { headers }),
    ({ name }: { name: string }) => name,
  ],
  [
    'permissions.listRoles',
    (unkey, _, name) => unkey.permissions.createRole({ name }),
    (unkey, _, limit, headers) => unkey.permissions.listRoles({ limit }, { headers }),
    ({ name }: { name: string }) => name,
  ],
  [
    'ratelimit.listOverrides',
    async (unkey, _, identifier) => {
      await unkey.ratelimit.limit({ namespace: 'pages', identifier: 'i', limit: 9, duration: 60_000 });
      await unkey.ratelimit.setOverride({ namespace: 'pages', identifier, limit: 1, duration: 1000 });
    },
    (unkey, _, limit, headers) => unkey.ratelimit.listOverrides({ namespace: 'pages', limit }, { headers }),
    ({ identifier }: { identifier: string }) => identifier,
  ],
];

describe.each(lists)('%s', (_, fill, list, nameOf) => {
  test('is read completely in every way, and no further than requested', async () => {
    const { unkey, apiId } = await newClient();
    for (const name of names) await fill(unkey, apiId, name);
    const all = () => list(unkey, apiId, 2, { 'x-trace': 'carried' });
    const named = (items: readonly object[]) => items.map((item) => nameOf(item as never));
    /** The number of requests. */
    async function counted<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
      requests.length = 0;
      return [await work(), requests.length];
    }

    const [items, requestsOfItems] = await counted(async () => {
      const found: object[] = [];
      for await (const item of all()) found.push(item);
      return found;
    });
    expect(named(items).toSorted()).toEqual(names.toSorted());
    expect(requestsOfItems).toBe(3);
    for (const { headers } of requests) expect(headers['x-trace']).toBe('carried');

    const [pages] = await counted(async () => {
      const found: Page<object>[] = [];
      for await (const each of all().pages()) found.push(each);
      return found;
    });
    expect(pages.map(({ data }) => data.length)).toEqual([2, 2, 1]);
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
    expect(new Set(pages.map(({ meta }) => meta.requestId)).size).toBe(3);

    const [byHand] = await counted(async () => {
      const found: object[] = [];
      for (let each: Page<object> | null = await all(); each; each = await each.next())
        found.push(...each.data);
      return found;
    });
    expect(byHand).toEqual(items);

    for (const [max, length, sent] of [
      [0, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
      [3, 3, 2],
      [5, 5, 3],
      [99, 5, 3],
      [undefined, 5, 3],
    ] as const) {
      const [some, count] = await counted(() => all().toArray({ max }));
      expect([some, count]).toEqual([items.slice(0, length), sent]);
    }

    const [first, requestsOfBreak] = await counted(async () => {
      for await (const item of all()) return item;
      return undefined;
    });
    expect([first, requestsOfBreak]).toEqual([items[0], 1]);
  });
});

test('one list is iterated twice concurrently, completely each time', async () => {
  const { unkey } = await newClient();
  for (const name of names) await unkey.permissions.createRole({ name });
  const list = unkey.permissions.listRoles({ limit: 2 });
  const [once, twice] = await Promise.all([list.toArray(), list.toArray()]);
  expect(once).toHaveLength(5);
  expect(twice).toEqual(once);
  expect(await list.toArray()).toEqual(once);
});

test('the first page is requested when the list is called; withResponse has its response', async () => {
  const { unkey } = await newClient();
  const list = unkey.permissions.listRoles();
  expect(requests).toHaveLength(1);
  const response = await list.withResponse();
  expect(response).toBeInstanceOf(Page);
  expect(response.response).toMatchObject({ status: 200, attempts: 1 });
  expect(response).toMatchObject({ data: [], pagination: { hasMore: false }, hasMore: false });
  expect(await response.next()).toBeNull();
  expect(await list.safe()).toMatchObject({ ok: true });
});

describe('a list with an invalid response', () => {
  const scripted = () => new Unkey({ rootKey: 'root_key', serverURL: peer.url });
  const role = (name: string) => ({ id: name, name });

  test.each([
    ['whose cursor comes again', { hasMore: true, cursor: 'a' }, 'is repeated', 2],
    ['that has more and no cursor', { hasMore: true }, 'is missing', 1],
    ['whose cursor is empty', { hasMore: true, cursor: '' }, 'is missing', 1],
  ])('%s is an error, not an endless loop', async (_, pagination, words, sent) => {
    peer.plays(page([role('one')], pagination));
    const found: string[] = [];
    const walk = async () => {
      for await (const { name } of scripted().permissions.listRoles()) found.push(name);
    };
    const error = await walk().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResponseValidationError);
    expect((error as Error).message).toContain(words);
    expect(found).toHaveLength(sent);
    expect(peer.requests).toHaveLength(sent);
  });

  test('whose cursors have a longer cycle', async () => {
    peer.plays(
      page([], { hasMore: true, cursor: 'a' }),
      page([], { hasMore: true, cursor: 'b' }),
      page([], { hasMore: true, cursor: 'a' }),
      page([], { hasMore: true, cursor: 'b' }),
      page([], { hasMore: true, cursor: 'a' }),
    );
    await expect(scripted().permissions.listRoles().toArray()).rejects.toThrow(ResponseValidationError);
    // Detected within three rounds of the cycle.
    expect(peer.requests).toHaveLength(5);
  });

  test('whose fields have the names of our methods keeps the methods', async () => {
    const strange = { hasMore: 1, next: 'a', result: 2, ['__proto__']: { polluted: true }, extra: 'kept' };
    const load = () => new Unkey({ rootKey: 'root_key', fetch: last }).request<PageBody<string>>('/v2/list');
    const last = async () => Response.json({ ...strange, meta: {}, data: ['two'], pagination: {} });
    const response = { ...strange, meta: { requestId: 'req' }, data: ['one'] };
    const first = new Page({ ...response, pagination: { hasMore: true, cursor: 'a' } }, load);
    expect(first).toMatchObject({ hasMore: true, extra: 'kept' });
    expect(first.result).toBe(first);
    expect(first).not.toHaveProperty('polluted');
    expect(await first.next()).toMatchObject({ data: ['two'], hasMore: false });
  });

  test('with hasMore: false and a cursor has ended', async () => {
    peer.plays(page([role('one')], { hasMore: false, cursor: 'a' }));
    expect(await scripted().permissions.listRoles().toArray()).toEqual([role('one')]);
    expect(peer.requests).toHaveLength(1);
  });

  test.each([
    ['without pagination', undefined, []],
    ['with null for an empty page', { hasMore: false }, null],
  ])('%s is a list of one page', async (_, pagination, data) => {
    peer.plays(page(data, pagination));
    expect(await scripted().permissions.listRoles().toArray()).toEqual([]);
  });

  test('that fails on a later page rejects there, after the items before', async () => {
    peer.plays(page([role('one')], { hasMore: true, cursor: 'a' }), page([], {}), (socket) =>
      socket.destroy(),
    );
    const first = await scripted().permissions.listRoles();
    expect(await first.next()).toMatchObject({ data: [] });
    expect(peer.bodies()).toEqual([{}, { cursor: 'a' }]);
  });
});

test('a list of 10,000 pages takes constant time per page', async () => {
  let asked = 0;
  const pageOf = async () => {
    const pagination = { hasMore: ++asked < 10_000, cursor: String(asked) };
    const text = JSON.stringify({ meta: {}, data: [asked], pagination });
    return { status: 200, headers: new Headers(), text: async () => text };
  };
  const unkey = new Unkey({ rootKey: 'root_key', fetch: pageOf });
  expect(await unkey.permissions.listRoles().toArray()).toHaveLength(10_000);
});

test('a page may be of any size', async () => {
  const data = Array.from({ length: 200_000 }, (_, index) => index);
  const fetch = async () => Response.json({ meta: {}, data, pagination: { hasMore: false } });
  const list = new Unkey({ rootKey: 'root_key', fetch }).permissions.listRoles();
  expect(await list.toArray()).toHaveLength(200_000);
  expect(await list.toArray({ max: 150_000 })).toHaveLength(150_000);
});

test.each([-1, Number.NaN])('at most %d items is an error, not a wrong result', async (max) => {
  const { unkey } = await newClient();
  await expect(unkey.permissions.listRoles().toArray({ max })).rejects.toThrow(`Invalid max ${max}`);
});

test('a page is read by result, too, and iterated item by item or page by page', async () => {
  const { unkey } = await newClient();
  for (const name of names) await unkey.permissions.createRole({ name });
  const first = await unkey.permissions.listRoles({ limit: 2 });
  expect(first.result.data).toHaveLength(2);
  const sizes: number[] = [];
  for await (const each of first.pages()) sizes.push(each.result.data.length);
  expect(sizes).toEqual([2, 2, 1]);
  const found: string[] = [];
  for await (const role of await unkey.permissions.listRoles({ limit: 2 })) found.push(role.name);
  expect(found.toSorted()).toEqual(names.toSorted());
});
