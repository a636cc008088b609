import { AssertionError } from 'node:assert';
import { createTestUnkey, EmulatorError, type TestUnkey, type TestUnkeyOptions } from '@unkey-ts/emulator';
import { Unkey } from 'unkey-ts';
import { afterEach, describe, expect, test, vi } from 'vitest';

const open: TestUnkey[] = [];
afterEach(async () => {
  for (const unkey of open.splice(0)) await unkey.close();
});

async function start(options: TestUnkeyOptions = {}): Promise<{ unkey: TestUnkey; client: Unkey }> {
  const unkey = await createTestUnkey(options);
  open.push(unkey);
  return { unkey, client: clientOf(unkey) };
}

function clientOf(unkey: TestUnkey): Unkey {
  return new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch, retry: false });
}

const codeOf = async (client: Unkey, key: string) => (await client.keys.verifyKey({ key })).data.code;

describe('the clock', () => {
  test('time stands still until it is moved; then refills, expiry and windows happen as they would', async () => {
    const { unkey, client } = await start({ now: '2026-01-31T23:59:00Z' });
    const refill = { interval: 'daily', amount: 2 } as const;
    const { key } = await unkey.createKeyFor({ credits: { remaining: 1, refill } });
    const short = await unkey.createKeyFor({ expires: '1h' });
    const limit = { namespace: 'n', identifier: 'i', limit: 1, duration: 60_000 };
    expect(unkey.clock.now()).toBe(Date.parse('2026-01-31T23:59:00Z'));
    expect([await codeOf(client, key), await codeOf(client, key)]).toEqual(['VALID', 'USAGE_EXCEEDED']);
    expect((await client.ratelimit.limit(limit)).data).toMatchObject({
      success: true,
      reset: Date.parse('2026-02-01T00:00:00Z'),
    });
    expect((await client.ratelimit.limit(limit)).data.success).toBe(false);

    expect(await unkey.clock.advance('1m')).toBe(Date.parse('2026-02-01T00:00:00Z'));
    expect((await unkey.expectVerified(key)).credits).toBe(1);
    await unkey.clock.advance('2m');
    expect((await client.ratelimit.limit(limit)).data.success).toBe(true);
    expect(await codeOf(client, short.key)).toBe('VALID');
    await unkey.clock.set('2026-02-01T01:00:00Z');
    expect(await codeOf(client, short.key)).toBe('EXPIRED');
  });

  test('what is due is done when time moves, without a request', async () => {
    const { unkey, client } = await start({ now: '2026-01-31T23:59:00Z' });
    const refill = { interval: 'monthly', amount: 7, refillDay: 1 } as const;
    const { keyId } = await unkey.createKeyFor({ credits: { remaining: 0, refill } });
    await unkey.clock.advance('31d');
    const { credits, updatedAt } = (await client.keys.getKey({ keyId })).data;
    expect(credits?.remaining).toBe(7);
    expect(updatedAt).toBe(unkey.clock.now());
  });

  test('a running clock passes by itself and can be moved, too', async () => {
    const { unkey } = await start({ now: '2026-01-01', clock: 'running' });
    const first = unkey.clock.now();
    await expect.poll(() => unkey.clock.now()).toBeGreaterThan(first);
    await unkey.clock.advance('1d');
    expect(unkey.clock.now()).toBeGreaterThanOrEqual(first + 86_400_000);
  });

  test.each([
    ['soon', 'is not a duration'],
    ['-1h', 'is not a duration'],
    ['1y', 'is not a duration'],
    [0, 'is not a duration'],
    [-5, 'is not a duration'],
    [Number.NaN, 'is not a duration'],
    [1.5, 'is not a duration'],
    ['100000d', 'is not a time'],
    [undefined as unknown as string, 'is not a duration'],
    [null as unknown as string, 'is not a duration'],
  ])('advance(%s) is refused, and no time passes', async (by, message) => {
    const { unkey } = await start({ now: '2026-01-01' });
    await expect(unkey.clock.advance(by)).rejects.toThrow(message);
    await expect(unkey.clock.advance(by)).rejects.toBeInstanceOf(EmulatorError);
    expect(unkey.clock.now()).toBe(Date.UTC(2026, 0, 1));
  });

  test.each(['2025-12-31T23:59:59Z', 'tomorrow', '2026-13-01', '', Number.NaN])(
    'set(%s) is refused, and no time passes',
    async (to) => {
      const { unkey } = await start({ now: '2026-01-01' });
      await expect(unkey.clock.set(to)).rejects.toBeInstanceOf(EmulatorError);
      expect(unkey.clock.now()).toBe(Date.UTC(2026, 0, 1));
    },
  );

  test('timers that a test replaces do not stop it', async () => {
    const { unkey, client } = await start();
    const { key } = await unkey.createKeyFor();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect(await codeOf(client, key)).toBe('VALID');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('faults', () => {
  const verify = (client: Unkey) => client.keys.verifyKey({ key: 'unknown' });

  test('a status looks like an error of the service, for as many requests as wanted', async () => {
    const { unkey, client } = await start();
    unkey.faults.next('keys.verifyKey', { status: 503, retryAfter: 7 }, 2);
    for (let attempt = 1; attempt <= 2; attempt++) {
      await expect(verify(client)).rejects.toMatchObject({ status: 503, retryAfterMs: 7000 });
    }
    expect((await verify(client)).data.code).toBe('NOT_FOUND');
    expect((await client.liveness()).data.message).toBeTypeOf('string');
  });

  test('the client tries again after a 503, and its caller does not notice', async () => {
    const { unkey } = await start();
    const client = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
    unkey.faults.next('keys.verifyKey', { status: 503 });
    expect((await verify(client)).data.code).toBe('NOT_FOUND');
    expect(unkey.requests.matching('keys.verifyKey').map(({ status }) => status)).toEqual([503, 200]);
  });

  test('a lost connection after the work was done: the credit is spent', async () => {
    const { unkey, client } = await start();
    const { key, keyId } = await unkey.createKeyFor({ credits: 5 });
    const remaining = async () => (await client.keys.getKey({ keyId })).data.credits?.remaining;
    unkey.faults.next('keys.verifyKey', { reset: true });
    await expect(client.keys.verifyKey({ key })).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(await remaining()).toBe(5);
    unkey.faults.next('keys.verifyKey', { reset: true, processed: true });
    await expect(client.keys.verifyKey({ key })).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(await remaining()).toBe(4);
  });

  test('no response, until the caller gives up', async () => {
    const { unkey } = await start();
    unkey.faults.next('keys.verifyKey', { never: true });
    const giveUp = new AbortController();
    const asked = unkey.fetch('http://localhost/v2/keys.verifyKey', {
      method: 'POST',
      body: '{}',
      signal: giveUp.signal,
    });
    giveUp.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  test('no response, until the emulator is closed', async () => {
    const { unkey, client } = await start();
    unkey.faults.next('keys.verifyKey', { never: true });
    const asked = verify(client);
    const refused = expect(asked).rejects.toMatchObject({ name: 'ConnectionError' });
    await expect.poll(() => unkey.requests.length).toBe(1);
    await unkey.close();
    await refused;
  });

  test('a late response, and one that is not JSON', async () => {
    const { unkey, client } = await start();
    unkey.faults.next('keys.verifyKey', { delay: '20ms' });
    expect((await verify(client)).data.code).toBe('NOT_FOUND');
    unkey.faults.next('keys.verifyKey', { malformed: true });
    await expect(verify(client)).rejects.toMatchObject({ name: 'ResponseValidationError' });
  });

  test('a share of the requests, which follows from `determinism`; and those that a function picks', async () => {
    const outcomes = async () => {
      const { unkey, client } = await start({ determinism: 'shares' });
      unkey.faults.add({ fault: { status: 500 }, share: 0.5 });
      const statuses: (number | undefined)[] = [];
      for (let count = 0; count < 20; count++) {
        statuses.push(
          await verify(client).then(
            () => 200,
            ({ status }) => status,
          ),
        );
      }
      unkey.faults.clear();
      unkey.faults.add({
        fault: { status: 418, body: 'teapot' },
        when: ({ body }) => (body as { key?: string }).key === 'tea',
      });
      await expect(client.keys.verifyKey({ key: 'tea' })).rejects.toMatchObject({ status: 418 });
      expect((await verify(client)).data.code).toBe('NOT_FOUND');
      return statuses;
    };
    const first = await outcomes();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await outcomes()).toEqual(first);
  });

  test.each([
    [() => ({ operation: 'keys.verifyKeys', fault: { reset: true } }), "Did you mean 'keys.verifyKey'?"],
    [() => ({ fault: {} }), 'is not one fault'],
    [() => ({ fault: { reset: true, never: true } }), 'is not one fault'],
    [() => ({ fault: null }), 'is not one fault'],
    [() => ({ fault: { status: 99 } }), 'status is 99: use an integer from 200 to 599'],
    [() => ({ fault: { status: '503' } }), 'status is "503"'],
    [() => ({ fault: { status: 503, retryAfter: -1 } }), 'retryAfter is -1'],
    [() => ({ fault: { delay: 'long' } }), 'is not a duration'],
    [() => ({ fault: { reset: false } }), 'reset is false: use true'],
    [() => ({ fault: { reset: true, after: true } }), 'Unknown member "after"'],
    [() => ({ fault: { reset: true }, times: 0 }), 'times is 0'],
    [() => ({ fault: { reset: true }, share: 2 }), 'share is 2'],
    [() => ({ fault: { reset: true }, probability: 1 }), 'Unknown member "probability"'],
  ])('%#: a rule that cannot work is refused, and none is added', async (rule, message) => {
    const { unkey, client } = await start();
    expect(() => unkey.faults.add(rule() as never)).toThrow(message);
    expect((await verify(client)).data.code).toBe('NOT_FOUND');
  });
});

describe('recorded requests', () => {
  test('say what was asked and answered, without the root key', async () => {
    const { unkey, client } = await start({ now: '2026-01-01' });
    await client.apis.createApi({ name: 'payments' });
    await client.keys.verifyKey({ key: 'unknown' });
    expect(unkey.requests.length).toBe(2);
    expect([...unkey.requests].map(({ operation }) => operation)).toEqual([
      'apis.createApi',
      'keys.verifyKey',
    ]);
    const [created] = unkey.requests.matching('apis.createApi');
    expect(created).toMatchObject({
      method: 'POST',
      path: '/v2/apis.createApi',
      body: { name: 'payments' },
      status: 200,
      response: { data: { apiId: expect.stringMatching(/^api_/) } },
      at: Date.UTC(2026, 0, 1),
      fault: null,
    });
    expect(JSON.stringify(created?.headers)).not.toContain(unkey.rootKey);
    expect(unkey.requests.matching(({ status }) => status === 404)).toEqual([]);
    expect(() => unkey.requests.matching('keys.verify')).toThrow(EmulatorError);
    unkey.requests.clear();
    expect(unkey.requests.all()).toEqual([]);
  });

  test('the helpers are not recorded, and no fault applies to them', async () => {
    const { unkey } = await start();
    unkey.faults.add({ fault: { status: 500 } });
    const { key } = await unkey.createKeyFor({ externalId: 'user_1', permissions: ['documents.read'] });
    const verified = await unkey.expectVerified(key, { permissions: 'documents.read' });
    expect(verified).toMatchObject({ valid: true, identity: { externalId: 'user_1' } });
    expect(unkey.requests.length).toBe(0);
  });

  test('expectVerified says why a key does not verify', async () => {
    const { unkey } = await start();
    const { key } = await unkey.createKeyFor({ enabled: false });
    const failure = await unkey.expectVerified(key).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AssertionError);
    expect(failure).toMatchObject({ message: 'The key does not verify: DISABLED', actual: 'DISABLED' });
    await expect(unkey.expectVerified(key, { permission: 'x' })).rejects.toThrow('body.permission');
  });
});

describe('a run', () => {
  /** Everything that a test could print. */
  async function transcript(determinism: string): Promise<string> {
    const { unkey, client } = await start({ determinism });
    const { key, keyId } = await unkey.createKeyFor({ credits: 3, meta: { a: 1 } });
    const responses: unknown[] = [await client.keys.verifyKey({ key }), await client.keys.getKey({ keyId })];
    await client.keys
      .getKey({ keyId: 'key_none_at_all' })
      .catch(({ requestId }) => responses.push(requestId));
    return JSON.stringify([
      key,
      responses,
      unkey.requests.all().map(({ response, at }) => ({ response, at })),
    ]);
  }

  test('is the same byte for byte with the same `determinism`, and another one otherwise', async () => {
    expect(await transcript('one')).toBe(await transcript('one'));
    expect(await transcript('two')).not.toBe(await transcript('one'));
  });

  test('begins again: as seeded, with the same ids', async () => {
    const seed = {
      apis: [{ id: 'api_test', name: 'test' }],
      keys: [{ key: 'known', credits: { remaining: 1 } }],
    };
    const { unkey, client } = await start({ now: '2026-01-01', seed, determinism: 'again' });
    const one = async () => {
      const { key } = await unkey.createKeyFor({ apiId: 'api_test' });
      const codes = [await codeOf(client, 'known'), await codeOf(client, 'known'), await codeOf(client, key)];
      await client.ratelimit.limit({ namespace: 'n', identifier: 'i', limit: 1, duration: 60_000 });
      return { key, codes };
    };
    const first = await one();
    expect(first.codes).toEqual(['VALID', 'USAGE_EXCEEDED', 'VALID']);
    await unkey.clock.advance('1d');
    unkey.faults.add({ fault: { status: 500 } });
    await unkey.reset();
    expect(unkey.requests.length).toBe(0);
    expect(unkey.clock.now()).toBe(Date.UTC(2026, 0, 1));
    expect(await codeOf(client, first.key)).toBe('NOT_FOUND');
    unkey.requests.clear();
    await unkey.reset();
    expect(await one()).toEqual(first);
  });

  test('many run side by side and know nothing of each other', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => start()));
    const keys = await Promise.all(all.map(({ unkey }) => unkey.createKeyFor()));
    for (const [index, { client }] of all.entries()) {
      expect(await codeOf(client, keys[index]?.key ?? '')).toBe('VALID');
      expect(await codeOf(client, keys[(index + 1) % 20]?.key ?? '')).toBe('NOT_FOUND');
    }
  });

  test('a closed emulator answers nothing, and can be closed again', async () => {
    const { unkey, client } = await start();
    await unkey.close();
    await unkey.close();
    await expect(client.keys.verifyKey({ key: 'x' })).rejects.toMatchObject({ name: 'ConnectionError' });
  });

  test.each([
    [{ nov: '2026-01-01' }, "Did you mean 'now'?"],
    [{ now: 'yesterday' }, 'is not a time'],
    [{ now: Number.NaN }, 'is not a time'],
    [{ clock: 'frozen' }, "use 'standing' or 'running'"],
    [{ determinism: '' }, 'determinism is ""'],
    [{ seed: './none.txt' }, 'must be a file whose name ends in .yaml, .yml or .json'],
    [{ seed: './none.yaml' }, 'cannot be read (ENOENT)'],
  ])('%j is refused', async (options, message) => {
    const failure = await createTestUnkey(options as TestUnkeyOptions).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EmulatorError);
    expect(failure).toMatchObject({ message: expect.stringContaining(message) });
  });
});

describe('fetch', () => {
  const url = 'https://api.unkey.com/v2/keys.verifyKey';

  test('takes what the platform takes: a Request, Headers, lists of headers, bytes', async () => {
    const { unkey } = await start();
    const authorization = `Bearer ${unkey.rootKey}`;
    const body = JSON.stringify({ key: 'unknown' });
    const type = 'application/json';
    const all: Parameters<typeof fetch>[] = [
      [url, { method: 'POST', headers: { Authorization: authorization, 'Content-Type': type }, body }],
      [new URL(url), { method: 'POST', headers: new Headers({ authorization, 'content-type': type }), body }],
      [
        url,
        {
          method: 'post',
          headers: [
            ['authorization', authorization],
            ['content-type', type],
          ],
          body,
        },
      ],
      [
        url,
        {
          method: 'POST',
          headers: { authorization, 'content-type': type },
          body: new TextEncoder().encode(body),
        },
      ],
      [new Request(url, { method: 'POST', headers: { authorization, 'content-type': type }, body })],
    ];
    for (const call of all) {
      const response = await unkey.fetch(...call);
      expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({
        status: 200,
        type,
      });
      expect(await response.json()).toMatchObject({ data: { code: 'NOT_FOUND' } });
    }
  });

  test('large bodies are admitted and refused as on a socket', async () => {
    const { unkey } = await start();
    const send = (operation: string, bytes: number) =>
      unkey.fetch(`http://localhost/v2/${operation}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${unkey.rootKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'x'.repeat(bytes) }),
      });
    expect((await send('apis.createApi', 2_000_000)).status).toBe(413);
    expect((await send('keys.createKey', 70_000)).status).toBe(400);
    expect((await send('keys.createKey', 11_000_000)).status).toBe(413);
  });

  test('HEAD has no body, and a path of nothing is 404', async () => {
    const { unkey } = await start();
    const head = await unkey.fetch('http://localhost/v2/liveness', { method: 'HEAD' });
    expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
    expect((await unkey.fetch('http://localhost/nothing')).status).toBe(404);
  });

  test('an aborted signal is obeyed before anything is done', async () => {
    const { unkey } = await start();
    await expect(unkey.fetch(url, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(unkey.requests.length).toBe(0);
  });
});
