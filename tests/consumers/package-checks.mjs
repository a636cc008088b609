import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const maxUnpackedBytes = 500_000;

export const packageChecks = {
  'it is small, needs nothing and runs nothing when it is installed': async ({ packed, project }) => {
    const { dependencies = {}, scripts = {} } = packed.manifest;
    assert.deepEqual({ dependencies, scripts }, { dependencies: {}, scripts: {} });
    const installed = await readdir(join(project.folder, 'node_modules'));
    assert.deepEqual(
      installed.filter((name) => !name.startsWith('.')),
      ['unkey-ts'],
    );

    const folder = join(project.folder, 'node_modules/unkey-ts');
    const sizes = await Promise.all(
      (await filesOf(folder)).map(async (name) => (await stat(join(folder, name))).size),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert(bytes < maxUnpackedBytes, `${bytes} bytes unpacked`);
    return `${bytes} bytes in ${sizes.length} files`;
  },

  'it holds code, declarations and what a reader needs': async ({ project }) => {
    const names = await filesOf(join(project.folder, 'node_modules/unkey-ts'));
    const others = names.filter((name) => !/^dist\/.*\.(js|d\.ts)$/.test(name) || name.includes('.test.'));
    assert.deepEqual(others.sort(), ['LICENSE', 'README.md', 'dist/cjs/package.json', 'package.json']);
    for (const name of names.filter((name) => name.startsWith('dist/'))) {
      const text = await readFile(join(project.folder, 'node_modules/unkey-ts', name), 'utf8');
      assert(
        !/sourceMappingURL|['"]\.[^'"\n]*\.ts['"]/.test(text),
        `${name} points to a file that is not there.`,
      );
    }
  },

  publint: async ({ tools, packed }) => {
    const { publint } = await import(pathToFileURL(join(tools, 'publint/src/index-node.js')).href);
    const { messages } = await publint({ pkgDir: packed.folder, strict: true });
    assert.deepEqual(messages, []);
  },

  'are the types wrong?': async ({ tools, packed }) => {
    const attw = await import(pathToFileURL(join(tools, '@arethetypeswrong/core/dist/index.js')).href);
    const analysis = await attw.checkPackage(attw.createPackageFromTarballData(await readFile(packed.file)));
    assert.notEqual(analysis.types, false);
    assert.deepEqual(analysis.problems, []);
  },
};

/** Paths of all files in a folder and its subfolders. */
async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
