import { expect } from 'vitest';

/** Asserts that `/reference` is whole: the page, and all files and documents it names, from its own origin only. */
export async function expectReferencePage(origin: string): Promise<void> {
  const page = await fetch(`${origin}/reference`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  const text = await page.text();
  // The policy would block them.
  expect(text).not.toMatch(/<script>|<style|\sstyle=|\son\w+=/);

  const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  const addresses = named.filter((address) => address !== 'data:,');
  const script = await (await fetch(new URL('page.js', page.url))).text();
  addresses.push(/\burl: '([^']+)'/.exec(script)?.[1] ?? 'no document');
  expect(addresses).toEqual(expect.arrayContaining(['swagger-ui-bundle.js', '../openapi.json']));
  for (const address of addresses) await expectFile(new URL(address, page.url), origin);
}

async function expectFile(url: URL, origin: string): Promise<void> {
  expect(url.origin).toBe(origin);
  const file = await fetch(url);
  expect(file.status, url.pathname).toBe(200);
  expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await file.bytes()).length).toBeGreaterThan(20);
  if (!url.pathname.startsWith('/reference/')) return;
  expect(file.headers.get('cache-control')).toBe('no-cache');
  const etag = file.headers.get('etag') ?? '';
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
}
