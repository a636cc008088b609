import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bundledSize } from '../../bench/bundled-size.ts';
import { pages } from '../../bench/client-size.ts';

test('a page with the whole client has at most 6,900 bytes of it', async () => {
  expect((await bundledSize(pages.client)).gzip).toBeLessThanOrEqual(6900);
});

test('a page with the function verifyKey has at most 4,700 bytes of the client', async () => {
  expect((await bundledSize(pages.verify)).gzip).toBeLessThanOrEqual(4700);
});

test.each([
  ['api', `import { Unkey } from 'unkey-ts/compat/api'; globalThis.unkey = new Unkey();`, 7600],
  [
    'ratelimit',
    `import { Ratelimit } from 'unkey-ts/compat/ratelimit'; globalThis.limiter = Ratelimit;`,
    7800,
  ],
])('a page with unkey-ts/compat/%s is small, too', async (_, page, most) => {
  expect((await bundledSize(page)).gzip).toBeLessThanOrEqual(most);
});

test('the client brings no other package along', async () => {
  const manifest = JSON.parse(await readFile('packages/sdk/package.json', 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('optionalDependencies');
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  expect(needed).toEqual([]);
});
