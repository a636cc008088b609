import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { licencesOf, packageFoldersOf, readManifest } from './bundle-unkey.mjs';

/**
 * Makes the package `unkey-ts-codemod`, as it is published, in `build/unkey-ts-codemod`, and packs it beside: one file
 * with its parser in it, so that `npx unkey-ts-codemod` installs nothing else.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'packages/codemod');
const target = join(root, 'build/unkey-ts-codemod');

rmSync(target, { recursive: true, force: true });
const { output } = await build({
  input: join(source, 'src/main.ts'),
  platform: 'node',
  tsconfig: false,
  transform: { target: 'node20.19' },
  output: { dir: join(target, 'dist'), format: 'esm', entryFileNames: 'main.js', comments: { jsdoc: false } },
});
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
writeFileSync(join(target, 'dist/third-party-licenses.txt'), licencesOf(packageFoldersOf(modules)));
const { private: _, devDependencies: __, ...manifest } = readManifest(source);
const { repository, bugs, homepage } = readManifest(root);
const published = { ...manifest, repository, bugs, homepage };
writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
copyFileSync(join(source, 'README.md'), join(target, 'README.md'));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
execFileSync('npm', ['pack', target, '--pack-destination', join(root, 'build'), '--silent'], {
  stdio: 'inherit',
});
