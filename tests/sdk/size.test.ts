import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bundledSize } from '../../bench/bundled-size.ts';
import { pages } from '../../bench/client-size.ts';

test('a page with the whole client has at most 6,900 bytes of it', async () => {
  expect((await bundledSize(pages.client)).gzip).toBeLessThanOrEqual(6900);
});

test('a page that verifies keys has at most 4,750 bytes of the client', async () => {
  expect((await bundledSize(pages.verify)).gzip).toBeLessThanOrEqual(4750);
});

test('the client brings no other package along', async () => {
  const manifest = JSON.parse(await readFile('packages/sdk/package.json', 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('optionalDependencies');
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  expect(needed).toEqual([]);
});
