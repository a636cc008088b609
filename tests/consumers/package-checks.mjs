import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const maxUnpackedBytes = 1_200_000;

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
    const others = names.filter(
      (name) => !/^(dist\/.*\.(js|d\.ts|d\.ts\.map)|src\/.*\.ts)$/.test(name) || name.includes('.test.'),
    );
    assert.deepEqual(others.sort(), ['LICENSE', 'README.md', 'dist/cjs/package.json', 'package.json']);
    for (const name of names.filter((name) => /^dist\/.*\.(js|d\.ts)$/.test(name))) {
      const text = await readFile(join(project.folder, 'node_modules/unkey-ts', name), 'utf8');
      assert(!/['"]\.[^'"\n]*\.ts['"]/.test(text), `${name} points to a file that is not there.`);
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(text) ?? [];
      if (map === undefined) continue;
      const folder = join('node_modules/unkey-ts', name, '..');
      const { sources } = JSON.parse(await readFile(join(project.folder, folder, map), 'utf8'));
      for (const source of sources) await readFile(join(project.folder, folder, source));
    }
  },

  'go-to-definition leads to the source': async ({ tools, project }) => {
    const { default: ts } = await import(pathToFileURL(join(tools, 'typescript-5.9/lib/typescript.js')).href);
    const file = join(project.folder, 'definition.mts');
    const text = "import { Unkey } from 'unkey-ts';\nnew Unkey().keys.verifyKey({ key: '' });\n";
    await project.write('definition.mts', text);
    const host = {
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot: (path) => {
        const content = ts.sys.readFile(path);
        return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
      },
      getCurrentDirectory: () => project.folder,
      getCompilationSettings: () => ({
        module: ts.ModuleKind.Node16,
        target: ts.ScriptTarget.ES2022,
        types: [],
      }),
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
    };
    const service = ts.createLanguageService(host);
    const at = (word) => service.getDefinitionAtPosition(file, text.lastIndexOf(word) + 1);
    const [definition] = at('verifyKey') ?? [];
    const hover = ts.displayPartsToString(
      service.getQuickInfoAtPosition(file, text.indexOf('verifyKey') + 1)?.documentation,
    );
    assert.match(hover, /Verify a key/);
    // The service itself follows the maps only in an editor's server: here the map of the declaration is read.
    assert.match(definition?.fileName ?? '', /generated\/api\.d\.ts$/);
    const declaration = await readFile(definition.fileName, 'utf8');
    const source = join(
      definition.fileName,
      '..',
      JSON.parse(await readFile(`${definition.fileName}.map`)).sources[0],
    );
    const wanted = declaration.slice(definition.textSpan.start).split('(')[0];
    assert((await readFile(source, 'utf8')).includes(`  ${wanted}(`), `${wanted} is not in ${source}`);
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
