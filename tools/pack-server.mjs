import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seedSchema } from '../packages/emulator/dist/seed/schema.js';
import {
  bundleTestKit,
  bundleUnkey,
  packageFoldersOf,
  readManifest,
  writeLicences,
} from './bundle-unkey.mjs';
import { softwareBill } from './software-bill.mjs';

/**
 * Makes the package `unkey-ts-server`, as it is published, in `build/unkey-ts-server`, and packs it beside: the service,
 * the command `unkey` as one bundle and the test kit as another, with the licences of what is in them and a CycloneDX
 * bill of materials.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'packages/cli');
const target = join(root, 'build/unkey-ts-server');

const { description, keywords, license, type, engines, version, dependencies, bin } = readManifest(source);
const manifest = {
  name: 'unkey-ts-server',
  ...{ version, description, keywords, license },
  ...publicLinks(),
  ...{ type, engines },
  // `npx unkey-ts-server` runs the command of the package's name.
  bin: { ...bin, 'unkey-ts-server': './dist/unkey-ts-server.js' },
  exports: {
    './testing': {
      import: { types: './dist/testing.d.ts', default: './dist/testing.js' },
      require: { types: './dist/testing.d.cts', default: './dist/testing.cjs' },
    },
    './seed.schema.json': './dist/seed.schema.json',
    './package.json': './package.json',
  },
  dependencies,
};

rmSync(target, { recursive: true, force: true });
const dist = join(target, 'dist');
const files = [...new Set([...(await bundleUnkey(dist)), ...(await bundleTestKit(dist))])];
writeLicences(dist, files);
for (const name of ['testing.d.ts', 'testing.d.cts']) write(`dist/${name}`, testKitTypes());
write('dist/seed.schema.json', `${JSON.stringify(seedSchema, undefined, 2)}\n`);
for (const name of readdirSync(dist).filter((name) => name.endsWith('.map'))) shortenMap(join(dist, name));
// The bundle's entry has the interpreter line of its source.
write('dist/unkey-ts-server.js', serveByDefault());
write('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
write(
  'sbom.cdx.json',
  `${JSON.stringify(softwareBill(root, manifest, packageFoldersOf(files)), undefined, 2)}\n`,
);
copyFileSync(join(source, 'README.md'), join(target, 'README.md'));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
execFileSync('npm', ['pack', target, '--pack-destination', join(root, 'build'), '--silent'], {
  stdio: 'inherit',
});

/** In one file, without the parts that only belong to several. */
function testKitTypes() {
  const dist = join(root, 'packages/emulator/dist');
  return ['types', 'create-test-unkey', 'emulator-error', 'root-key']
    .map((name) => readFileSync(join(dist, `${name}.d.ts`), 'utf8'))
    .join('')
    .replaceAll(/^(import |\/\/# ).*\n?/gm, '');
}

/** Set in the package.json at the root, for both packages. */
function publicLinks() {
  const { repository, bugs, homepage } = readManifest(root);
  return { ...(repository && { repository }), ...(bugs && { bugs }), ...(homepage && { homepage }) };
}

/** A map without the text of the sources: it is for stack traces, and a quarter of the size. */
function shortenMap(file) {
  const { sourcesContent: _, ...map } = JSON.parse(readFileSync(file, 'utf8'));
  const sources = map.sources.map((path) => path.replace(/^(\.\.\/)+/, ''));
  writeFileSync(file, JSON.stringify({ ...map, sources }));
}

/** `npx unkey-ts-server` serves; with the name of a command it is `unkey`. */
function serveByDefault() {
  return `#!/usr/bin/env node
const [first = '--'] = process.argv.slice(2);
if (/^-/.test(first) && !/^(--version|-v|--help|-h)$/.test(first)) {
  process.argv.splice(2, first === '--' ? 1 : 0, 'serve');
}
await import('./main.js');
`;
}

function write(name, text) {
  writeFileSync(join(target, name), text);
}
