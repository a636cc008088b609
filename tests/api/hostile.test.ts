import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, type Service, startService } from '../service.ts';
import { expectError, locationsOf } from './expect-error.ts';
import { type RawReply, requestText, sendRaw } from './raw-request.ts';

/** Requests that no honest client sends: each gets a JSON response that names the error, and never a 5xx. */

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** Sends bytes unchanged to an operation, with every permission. */
async function send(operation: string, body: string | Uint8Array, headers = {}): Promise<Reply> {
  const authorization = `Bearer ${service.rootKey}`;
  const order = { path: `/v2/${operation}`, headers: { authorization, ...headers }, body };
  const reply = await sendRaw(service.url, requestText(order));
  if (reply === 'closed') throw new Error('The connection was closed without a response.');
  return reply;
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const nestedObjects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const unique = (() => {
  let count = 0;
  return () => `user_${count++}`;
})();

describe('bodies', () => {
  test.each([
    ['a body that is 100,000 arrays', 'apis.createApi', nested(100_000)],
    ['a body that is 100,000 objects', 'apis.createApi', nestedObjects(100_000)],
    ['a million brackets that never close', 'apis.createApi', '['.repeat(1_000_000)],
    ['a million brackets that were never opened', 'apis.createApi', ']'.repeat(1_000_000)],
    [
      '100,000 levels in meta',
      'identities.createIdentity',
      `{"externalId":"deep","meta":{"a":${nested(100_000)}}}`,
    ],
    [
      '100,000 levels in a member that is passed over',
      'identities.createIdentity',
      `{"externalId":"deep","note":${nestedObjects(100_000)}}`,
    ],
    ['100,000 levels in an unknown member', 'apis.createApi', `{"name":"abc","x":${nested(100_000)}}`],
    ['a string that never ends', 'apis.createApi', `{"name":"${'x'.repeat(1_000_000)}`],
    ['a backslash at the end', 'apis.createApi', '{"name":"abc\\'],
    ['a control character in a string', 'apis.createApi', '{"name":"a\u0001bc"}'],
    ['a comment', 'apis.createApi', '{"name":"abc"} // comment'],
    ['a comma too many', 'apis.createApi', '{"name":"abc",}'],
    ['two values', 'apis.createApi', '{"name":"abc"}{"name":"def"}'],
    ['a byte order mark', 'apis.createApi', '\ufeff{"name":"abc"}'],
    ['only a byte order mark', 'apis.createApi', '\ufeff'],
    ['NUL bytes', 'apis.createApi', '\0\0\0\0'],
    ['a number with a leading zero', 'ratelimit.limit', '{"limit":01}'],
    ['a hexadecimal number', 'ratelimit.limit', '{"limit":0x10}'],
    ['invalid UTF-8', 'apis.createApi', Buffer.from('7b226e616d65223a22ff6162227d', 'hex')],
    ['overlong UTF-8', 'apis.createApi', Buffer.from('7b226e616d65223a22c0af6162227d', 'hex')],
    ['a surrogate in UTF-8', 'apis.createApi', Buffer.from('7b226e616d65223a22eda08061627d', 'hex')],
    ['UTF-16', 'apis.createApi', Buffer.from('{"name":"abc"}', 'utf16le')],
    ['bytes that look compressed', 'apis.createApi', Buffer.from('1f8b0800000000000003ab5604', 'hex')],
  ])('%s: 400 that points at the body', async (_what, operation, body) => {
    expectError(await send(operation, body), 'unkey/application/invalid_input', 'body');
  });

  test('a string of 9 MiB is refused with its location, and the response is small', async () => {
    const reply = await send(
      'identities.createIdentity',
      JSON.stringify({ externalId: 'x'.repeat(9 * 1024 * 1024) }),
    );
    expectError(reply, 'unkey/application/invalid_input', 'body.externalId');
    expect(JSON.stringify(reply.body).length).toBeLessThan(1000);
  });

  test('a member name of 9 MiB is refused, and the response is small', async () => {
    const reply = await send('keys.setRoles', JSON.stringify({ ['n'.repeat(9 * 1024 * 1024)]: 1 }));
    expectError(reply, 'unkey/application/invalid_input', 'body.keyId');
    expect(JSON.stringify(reply.body).length).toBeLessThan(1000);
  });

  test('100,000 unknown members are refused with a bounded list of places', async () => {
    const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`m${index}`, 1]));
    const reply = await send('keys.setRoles', JSON.stringify(members));
    expectError(reply, 'unkey/application/invalid_input');
    expect(locationsOf(reply.body).length).toBeLessThanOrEqual(100);
  });

  const many = (item: unknown) => Array.from({ length: 100_000 }, () => item);
  test.each([
    [
      'malformed items',
      'permissions.setRolePermissions',
      { roleId: 'role_none', permissions: many('').slice(0, 10_000) },
      'body.permissions[0]',
    ],
    [
      'items, more than a list may have,',
      'permissions.setRolePermissions',
      { roleId: 'role_none', permissions: many('') },
      'body.permissions',
    ],
    [
      'items that no store could keep',
      'permissions.setRolePermissions',
      { roleId: 'role_none', permissions: many('\0') },
      'body.permissions[0]',
    ],
    [
      'limits with too short a window',
      'keys.verifyKey',
      { key: 'nobody', ratelimits: many({ name: 'own', limit: 1, duration: 1 }).slice(0, 1000) },
      'body.ratelimits[0].duration',
    ],
  ])('very many %s are refused with a bounded list of places', async (_what, operation, body, location) => {
    const reply = await send(operation, JSON.stringify(body));
    expectError(reply, 'unkey/application/invalid_input', location);
    expect(locationsOf(reply.body).length).toBeLessThanOrEqual(100);
  });

  test.each([
    ['half of a surrogate pair in a name', 'apis.createApi', '{"name":"abc\\ud800"}', 'body.name'],
    ['NUL in a name', 'apis.createApi', '{"name":"abc\\u0000"}', 'body.name'],
    [
      'NUL in an identifier',
      'ratelimit.limit',
      '{"namespace":"n","identifier":"a\\u0000b","limit":1,"duration":1000}',
      'body.identifier',
    ],
    [
      'the other half in meta',
      'identities.createIdentity',
      '{"externalId":"lone","meta":{"deep":["\\udfff"]}}',
      'body.meta.deep[0]',
    ],
    [
      'NUL in the name of a member of meta',
      'identities.createIdentity',
      '{"externalId":"lone","meta":{"a\\u0000":1}}',
      'body.meta',
    ],
    [
      'a number out of range in meta',
      'identities.createIdentity',
      '{"externalId":"lone","meta":{"n":1e400}}',
      'body.meta.n',
    ],
  ])('%s is refused: no store could keep it', async (_what, operation, body, location) => {
    expectError(await send(operation, body), 'unkey/application/invalid_input', location);
  });

  test.each([
    ['2^53', '9007199254740992'],
    ['2^53 + 1', '9007199254740993'],
    ['2^63 - 1', '9223372036854775807'],
    ['1e400', '1e400'],
    ['-1e400', '-1e400'],
    ['a hundred digits', '9'.repeat(100)],
    ['-1', '-1'],
    ['a half', '0.5'],
    ['-0', '-0'],
    ['a string', '"10"'],
    ['true', 'true'],
    ['null', 'null'],
  ])('a limit of %s is refused, never rounded', async (_what, number) => {
    const body = `{"namespace":"numbers","identifier":"x","limit":${number},"duration":60000}`;
    expectError(await send('ratelimit.limit', body), 'unkey/application/invalid_input', 'body.limit');
  });

  test('a cost of -0 is 0', async () => {
    const body = '{"namespace":"numbers","identifier":"zero","limit":1,"duration":60000,"cost":-0}';
    const reply = await send('ratelimit.limit', body);
    expect(reply.body.data).toMatchObject({ success: true, remaining: 1 });
  });

  test('a tiny number and one with many digits are what JavaScript reads', async () => {
    const externalId = unique();
    const meta = '{"tiny":1e-400,"digits":0.1234567890123456789,"big":12345678901234567890}';
    await send('identities.createIdentity', `{"externalId":"${externalId}","meta":${meta}}`);
    const reply = await send('identities.getIdentity', JSON.stringify({ identity: externalId }));
    expect(reply.body.data.meta).toEqual(JSON.parse(meta));
  });

  test('of a duplicate member the last one counts', async () => {
    const reply = await send('apis.createApi', '{"name":"x","name":"the last one"}');
    const { apiId } = reply.body.data;
    const found = await send('apis.getApi', `{"apiId":"","apiId":"${apiId}"}`);
    expect(found.body.data).toEqual({ id: apiId, name: 'the last one' });
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', ''])(
    'a member named %s is unknown like any other',
    async (name) => {
      const member = JSON.stringify(name);
      for (const value of ['{"name":"abc"}', '1', 'null']) {
        const reply = await send('apis.createApi', `{"name":"abc",${member}:${value}}`);
        expectError(reply, 'unkey/application/invalid_input');
        const alone = await send('apis.createApi', `{${member}:${value}}`);
        expectError(alone, 'unkey/application/invalid_input', 'body.name');
      }
      const inItem = `[{"namespace":"n","identifier":"i","limit":1,"duration":1000,${member}:{"cost":5}}]`;
      expectError(await send('ratelimit.multiLimit', inItem), 'unkey/application/invalid_input');
    },
  );

  test('__proto__ and constructor are data inside meta, and change nothing else', async () => {
    const externalId = unique();
    const meta =
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"a":{"__proto__":null}}';
    const made = await send('identities.createIdentity', `{"externalId":"${externalId}","meta":${meta}}`);
    expect(made.status).toBe(200);
    const found = await send('identities.getIdentity', JSON.stringify({ identity: externalId }));
    expect(JSON.stringify(found.body.data.meta)).toBe(meta);
    const updated = await send('identities.updateIdentity', `{"identity":"${externalId}","meta":${meta}}`);
    expect(JSON.stringify(updated.body.data.meta)).toBe(meta);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const { apiId } = (await send('apis.createApi', '{"name":"abc"}')).body.data;
    const key = await send('keys.createKey', `{"apiId":"${apiId}","meta":${meta}}`);
    const verified = await send('keys.verifyKey', JSON.stringify({ key: key.body.data.key }));
    expect(JSON.stringify(verified.body.data.meta)).toBe(meta);
  });

  test('256 levels of meta are stored, one more is refused', async () => {
    const externalId = unique();
    const body = (levels: number) => `{"externalId":"${externalId}","meta":{"a":${nested(levels)}}}`;
    expectError(
      await send('identities.createIdentity', body(255)),
      'unkey/application/invalid_input',
      'body',
    );
    expect((await send('identities.createIdentity', body(254))).status).toBe(200);
    expect((await send('identities.getIdentity', `{"identity":"${externalId}"}`)).status).toBe(200);
  });

  test('brackets inside strings are no levels', async () => {
    const body = JSON.stringify({
      externalId: unique(),
      meta: { text: '[{'.repeat(100_000), end: '\\"[[[' },
    });
    expect((await send('identities.createIdentity', body)).status).toBe(200);
  });

  test.each([
    '\u202e',
    '\u0085\u2028\u2029',
    'e\u0301',
    '﷽',
    '👨‍👩‍👧‍👦',
    '\ufffe\uffff',
    '\u{10ffff}',
    '\x7f',
  ])('the characters %j come back as they were sent', async (characters) => {
    const name = `abc${characters}`;
    const { apiId } = (await send('apis.createApi', JSON.stringify({ name }))).body.data;
    const found = await send('apis.getApi', JSON.stringify({ apiId }));
    expect(found.body.data.name).toBe(name);
  });

  test.each([
    "'; DROP TABLE apis; --",
    '" OR ""="',
    '%27%20OR%201=1',
    '../../etc/passwd',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template engine would evaluate
    '${7*7}{{7*7}}<%= 7*7 %>',
    '$ne',
  ])('%s is a text like any other', async (text) => {
    for (const operation of ['identities.getIdentity', 'permissions.getRole']) {
      const member = operation === 'permissions.getRole' ? 'role' : 'identity';
      expect((await send(operation, JSON.stringify({ [member]: text }))).status).toBe(404);
    }
    for (const operation of ['identities.listIdentities', 'permissions.listRoles']) {
      expect((await send(operation, JSON.stringify({ search: text, cursor: text }))).status).toBe(200);
    }
  });

  test('a search of 256 wildcards succeeds', async () => {
    for (const search of ['%'.repeat(256), '_%'.repeat(128), '\\'.repeat(256), '*'.repeat(256)]) {
      expect((await send('permissions.listPermissions', JSON.stringify({ search }))).status).toBe(200);
    }
  });

  test('an override of 256 wildcards is decided', async () => {
    const namespace = unique();
    const call = { namespace, identifier: `${'a'.repeat(511)}b`, limit: 1, duration: 60_000 };
    await send('ratelimit.limit', JSON.stringify(call));
    const identifier = `${'*a'.repeat(255)}*c`;
    const set = { namespace, identifier, limit: 5, duration: 60_000 };
    expect((await send('ratelimit.setOverride', JSON.stringify(set))).status).toBe(200);
    const reply = await send('ratelimit.limit', JSON.stringify({ ...call, cost: 0 }));
    expect(reply.body.data).toMatchObject({ limit: 1 });
  });
});

describe('bytes that are not HTTP', () => {
  test.each([
    ['a line of garbage', 'garbage\r\n\r\n'],
    ['binary garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a method that does not exist', 'FROBNICATE /v2/apis.getApi HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method in lower case', 'post /v2/apis.getApi HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a version that does not exist', 'POST /v2/apis.getApi HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['no Host header', 'POST /v2/apis.getApi HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
    ['a header without colon', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['a header name with a space', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nbad name: 1\r\n\r\n'],
    ['a header with NUL', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nx: a\0b\r\n\r\n'],
    ['a negative length', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a length that is no number', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n'],
    [
      'two lengths',
      'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    ],
    [
      'both a length and chunks',
      'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk whose size is no number',
      'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
    ],
    ['headers of 100 KiB', `POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
  ])('%s: an error in JSON, and the connection ends', async (_what, bytes) => {
    expectClientError(await sendRaw(service.url, Buffer.from(bytes, 'latin1')));
  });

  test.each([
    ['half a request line', 'POST /v2/ap'],
    ['half the headers', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nAutho'],
    ['half the body', 'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"api'],
    [
      'half a chunk',
      'POST /v2/apis.getApi HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"api',
    ],
  ])('%s and then nothing more: no 5xx', async (_what, bytes) => {
    const reply = await sendRaw(service.url, bytes, { isEnding: true });
    if (reply !== 'closed') expectClientError(reply);
  });

  test('an upgrade to another protocol is handled as a plain request', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    const reply = await sendRaw(service.url, requestText({ path: '/v2/apis.getApi', headers, body: '{}' }));
    expectError(reply, 'unkey/application/invalid_input', 'header.authorization');
  });

  test('very long and malformed paths are 404', async () => {
    const paths = [
      '/',
      '//',
      '/%00',
      '/v2/%2e%2e/metrics',
      `/${'x'.repeat(8000)}`,
      '/v2/apis.getApi;x=1',
      '*',
    ];
    for (const path of paths) {
      expectError(await sendRaw(service.url, requestText({ path })), 'unkey/routing/route_not_found');
    }
  });

  test('a root key that is very long, or has other bytes, is unknown', async () => {
    for (const key of ['x'.repeat(10_000), '\x80\xff', '%00', '🔑']) {
      const bytes = requestText({
        path: '/v2/identities.listIdentities',
        headers: { authorization: `Bearer ${key}` },
        body: '{}',
      });
      expectError(await sendRaw(service.url, bytes), 'unkey/authentication/key_not_found');
    }
  });

  test('after all of this the service responds as before', async () => {
    expect((await service.call('identities.listIdentities', { limit: 1 })).status).toBe(200);
  });
});

function expectClientError(reply: RawReply): void {
  if (reply === 'closed') throw new Error('The connection was closed without a response.');
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(reply.status).toBeLessThan(500);
  expect(reply.headers.get('content-type')).toBe('application/json');
  expect(reply.body).toMatchObject({
    meta: { requestId: expect.stringMatching(/^req_/) },
    error: { status: reply.status, type: expect.stringMatching(/^https:/), title: expect.any(String) },
  });
}
