import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duration, NoopRatelimit, Overrides, Ratelimit, type RatelimitConfig } from '@unkey/ratelimit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeClock, type Service, startService } from '../service.ts';

const minute = 60_000;
// The client compares `reset` with the clock of the machine, so the service's clock is ahead of it.
const start = Date.UTC(2200, 0, 1);

let service: Service;
let rootKey: string;
beforeAll(async () => {
  service = await startService({ clock: fakeClock(start) });
  rootKey = service.rootKey;
});
afterAll(() => service.close());

function limiter(config: Partial<RatelimitConfig> & { namespace: string }): Ratelimit {
  return new Ratelimit({ rootKey, baseUrl: service.url, limit: 3, duration: '60s', ...config });
}

describe('Ratelimit', () => {
  test('counts down, denies, and returns the end of the window', async () => {
    const ratelimit = limiter({ namespace: 'counts.down' });
    const reset = start + minute;
    for (const remaining of [2, 1, 0]) {
      expect(await ratelimit.limit('user_1')).toEqual({ success: true, limit: 3, remaining, reset });
    }
    expect(await ratelimit.limit('user_1')).toEqual({ success: false, limit: 3, remaining: 0, reset });
    expect(await ratelimit.limit('user_2')).toMatchObject({ success: true, remaining: 2 });
  });

  test('accepts a cost; 0 checks without consuming', async () => {
    const ratelimit = limiter({ namespace: 'costs', limit: 10 });
    expect(await ratelimit.limit('user_1', { cost: 4 })).toMatchObject({ success: true, remaining: 6 });
    expect(await ratelimit.limit('user_1', { cost: 0 })).toMatchObject({ success: true, remaining: 6 });
    expect(await ratelimit.limit('user_1', { cost: 7 })).toMatchObject({ success: false, remaining: 0 });
  });

  test('may set another limit for one call', async () => {
    const ratelimit = limiter({ namespace: 'per.call' });
    expect(await ratelimit.limit('user_1', { limit: { limit: 50, duration: '1h' } })).toMatchObject({
      success: true,
      limit: 50,
      remaining: 49,
    });
  });

  const durations: Duration[] = ['1000ms', '1 s', '1m', '1 h', '30d'];
  test.each(durations)('is accepted with a duration of %s', async (duration) => {
    const result = await limiter({ namespace: 'durations', duration }).limit(duration);
    expect(result).toMatchObject({ success: true, limit: 3, remaining: 2 });
  });

  test('returns the id of the override', async () => {
    const namespace = 'overridden';
    await limiter({ namespace }).limit('someone');
    const overrides = new Overrides({ rootKey, baseUrl: service.url });
    const { data } = await overrides.setOverride({
      namespace,
      identifier: 'vip_*',
      limit: 99,
      duration: 1000,
    });
    expect(await limiter({ namespace }).limit('vip_1')).toMatchObject({
      success: true,
      limit: 99,
      remaining: 98,
      overrideId: data.overrideId,
    });
  });

  test('allows calls again when the window has ended', async () => {
    const config = { namespace: 'recovers', limit: 1 };
    // A new limiter for each call: after a denial, a limiter uses its cache until `reset`.
    expect((await limiter(config).limit('user_1')).success).toBe(true);
    expect((await limiter(config).limit('user_1')).success).toBe(false);
    const before = service.clock.now();
    service.clock.advance(2 * minute);
    expect((await limiter(config).limit('user_1')).success).toBe(true);
    service.clock.set(before);
  });

  test('returns a denial from its cache, without a request', async () => {
    const cache = new Map();
    const config = { namespace: 'cached', limit: 1, cache };
    await limiter(config).limit('user_1');
    const denied = await limiter(config).limit('user_1');
    expect(denied).toEqual({ success: false, limit: 1, remaining: 0, reset: start + minute });
    expect(await limiter({ ...config, baseUrl: nowhere }).limit('user_1')).toEqual(denied);
  });
});

describe('a failure', () => {
  const opened = { success: true, limit: 0, remaining: 0, reset: 0 };

  test('is thrown without onError, with the status of the service', async () => {
    const ratelimit = limiter({ namespace: 'no.rights', rootKey: 'not_a_root_key' });
    await expect(ratelimit.limit('user_1')).rejects.toMatchObject({ statusCode: 401 });
  });

  test('is passed to onError, whose result is returned', async () => {
    const { key } = await service.newRootKey(service.workspaceId, []);
    const reported: [string, string][] = [];
    const ratelimit = limiter({
      namespace: 'on.error',
      rootKey: key,
      onError: (error, identifier) => {
        reported.push([error.message, identifier]);
        return opened;
      },
    });
    expect(await ratelimit.limit('user_1')).toEqual(opened);
    expect(reported).toEqual([[expect.stringContaining('insufficient_permissions'), 'user_1']]);
  });

  test('by a deleted namespace is a 410', async () => {
    const namespace = 'deleted';
    await limiter({ namespace }).limit('user_1');
    await service.app.services.storage.write(async (store) => {
      const found = await store.namespaces.find(service.workspaceId, namespace);
      if (found) await store.namespaces.setDeleted(service.workspaceId, found.id, service.clock.now());
    });
    await expect(limiter({ namespace }).limit('user_1')).rejects.toMatchObject({ statusCode: 410 });
  });

  test('by a limit below 1 is an error of the service', async () => {
    await expect(limiter({ namespace: 'too.low', limit: 0 }).limit('user_1')).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  test('by timeout returns the fallback, which receives the identifier', async () => {
    const silent = await startSilentServer();
    const ratelimit = limiter({
      namespace: 'silent',
      baseUrl: silent.url,
      timeout: { ms: 1, fallback: (identifier) => ({ ...opened, success: identifier === 'user_1' }) },
    });
    expect(await ratelimit.limit('user_1')).toEqual(opened);
    expect(await ratelimit.limit('user_2')).toEqual({ ...opened, success: false });
    await silent.close();
  });

  test('does not happen before the timeout', async () => {
    const result = await limiter({
      namespace: 'in.time',
      timeout: { ms: '1m', fallback: { ...opened, success: false } },
    }).limit('user_1');
    expect(result).toMatchObject({ success: true, remaining: 2 });
  });

  test('does not happen without a timeout', async () => {
    const result = await limiter({ namespace: 'no.timeout', timeout: false }).limit('user_1');
    expect(result).toMatchObject({ success: true, remaining: 2 });
  });
});

describe('Overrides', () => {
  const namespace = 'overrides';

  test('sets, reads, lists in pages, changes and deletes', async () => {
    await limiter({ namespace }).limit('someone');
    const overrides = new Overrides({ rootKey, baseUrl: service.url });
    const wanted = { namespace, identifier: 'vip_*', limit: 10, duration: minute };
    const { overrideId } = (await overrides.setOverride(wanted)).data;
    expect((await overrides.setOverride({ ...wanted, limit: 20 })).data).toEqual({ overrideId });
    const shown = { overrideId, identifier: 'vip_*', limit: 20, duration: minute };
    expect((await overrides.getOverride({ namespace, identifier: 'vip_*' })).data).toEqual(shown);

    await overrides.setOverride({ ...wanted, identifier: 'other' });
    const first = await overrides.listOverrides({ namespace, limit: 1 });
    expect(first.pagination).toMatchObject({ hasMore: true });
    const second = await overrides.listOverrides({
      namespace,
      limit: 1,
      ...(first.pagination?.cursor && { cursor: first.pagination.cursor }),
    });
    expect(second.pagination).toEqual({ hasMore: false });
    expect([...first.data, ...second.data]).toEqual(
      expect.arrayContaining([shown, expect.objectContaining({ identifier: 'other', limit: 10 })]),
    );

    expect((await overrides.deleteOverride({ namespace, identifier: 'vip_*' })).data).toEqual({});
    await expect(overrides.getOverride({ namespace, identifier: 'vip_*' })).rejects.toMatchObject({
      statusCode: 404,
    });
  });

  test('are refused for a root key with only the permission to limit', async () => {
    await limiter({ namespace }).limit('someone');
    const { key } = await service.newRootKey(service.workspaceId, ['ratelimit.*.limit']);
    const overrides = new Overrides({ rootKey: key, baseUrl: service.url });
    await expect(
      overrides.setOverride({ namespace, identifier: 'a', limit: 1, duration: 1000 }),
    ).rejects.toMatchObject({ statusCode: 403, name: 'ForbiddenErrorResponse' });
  });
});

test('NoopRatelimit sends no request', async () => {
  expect(await new NoopRatelimit().limit('user_1')).toMatchObject({ success: true });
});

/** Nothing listens on the discard port. */
const nowhere = 'http://127.0.0.1:9';

/** Accepts requests and never responds. */
async function startSilentServer(): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The address of a server that listens on a port has that port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
