import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../base/http-message.ts';
import { allBytes } from './conformance/test-handler.ts';
import { staticFiles } from './static-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'static-files-'));
let endpoints: Map<string, Endpoint>;
beforeAll(() => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<p>ü</p>');
  writeFileSync(join(folder, 'assets', 'logo.png'), allBytes);
  writeFileSync(join(folder, 'assets', 'unknown.xyz'), 'x');
  endpoints = new Map(staticFiles({ path: '/app/', folder }).map((endpoint) => [endpoint.path, endpoint]));
});
afterAll(() => rmSync(folder, { recursive: true }));

const get = async (path: string, headers = {}) =>
  endpoints.get(path)?.handle({ method: 'GET', path, headers, body: new Uint8Array(0), peer: '' });

test('each file has an endpoint, and an index those of its folder, too', () => {
  expect([...endpoints.keys()].sort()).toEqual([
    '/app',
    '/app/',
    '/app/assets/logo.png',
    '/app/assets/unknown.xyz',
    '/app/index.html',
  ]);
});

test('a file is served as its bytes with the type of its name', async () => {
  expect(await get('/app/assets/logo.png')).toMatchObject({ headers: { 'content-type': 'image/png' } });
  expect(new Uint8Array((await get('/app/assets/logo.png'))?.body as Uint8Array)).toEqual(allBytes);
  expect((await get('/app/'))?.headers['content-type']).toBe('text/html; charset=utf-8');
  expect((await get('/app/assets/unknown.xyz'))?.headers['content-type']).toBe('application/octet-stream');
});

test('a page loads nothing from elsewhere and runs no script of its own text', async () => {
  const policy = (await get('/app/'))?.headers['content-security-policy'];
  expect(policy).toContain("default-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

test('the path of a folder without its slash redirects, relative to any prefix', async () => {
  expect(await get('/app')).toMatchObject({ status: 308, headers: { location: 'app/' } });
});

test('a client that has the file gets 304', async () => {
  const etag = (await get('/app/'))?.headers.etag;
  expect(await get('/app/', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
  expect(await get('/app/', { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
});

test('a file is still served when it has disappeared from the folder', async () => {
  rmSync(join(folder, 'index.html'));
  expect(Buffer.from((await get('/app/'))?.body as Uint8Array).toString()).toBe('<p>ü</p>');
});
