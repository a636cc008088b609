import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from './execute.mjs';
import { importsOf } from './prepare.mjs';

/** The strictest project: no DOM types, no types of a runtime, and the declarations of the package are checked, too. */
const strict = {
  strict: true,
  skipLibCheck: false,
  target: 'es2022',
  lib: ['es2022'],
  types: [],
};

const resolutions = {
  node16: { endings: ['.mts', '.cts'], options: { module: 'node16', moduleResolution: 'node16' } },
  bundler: { endings: ['.ts'], options: { module: 'esnext', moduleResolution: 'bundler' } },
  node10: { endings: ['.ts'], options: { module: 'commonjs', moduleResolution: 'node10' } },
};

/** Other types that a project can have. */
const lib = ['es2022', 'dom', 'dom.iterable'];
const companies = {
  'with-dom': { types: 'browsers', options: { lib } },
  'with-node': { types: 'Node', options: { types: ['node'] } },
  'with-frameworks': { types: 'the frameworks', options: { lib, types: ['node'] } },
};

/** TypeScript 7 no longer supports node10. */
const versions = {
  // The oldest one that the README names; it does not know `using`.
  '5.0': ['node16', 'bundler', 'node10'],
  5.4: ['node16', 'bundler', 'node10'],
  5.9: ['node16', 'bundler', 'node10'],
  7: ['node16', 'bundler'],
};

export const compilers = Object.fromEntries([
  ...Object.entries(versions).flatMap(([version, names]) =>
    names.map((name) => [
      `TypeScript ${version}, moduleResolution ${name}, without DOM and Node types`,
      async (kit) => {
        const files = filesOf(version === '5.0' ? ['entries'] : ['program', 'entries'], name);
        await Promise.all(
          [true, false].map((exactOptionalPropertyTypes) => {
            const options = { ...resolutions[name].options, exactOptionalPropertyTypes };
            return compile(kit, version, { files, options });
          }),
        );
      },
    ]),
  ),
  ...Object.keys(versions).map((version) => [
    `TypeScript ${version}, with the types that an application registers`,
    (kit) =>
      compile(kit, version, { files: ['registered.mts'], options: { ...resolutions.node16.options, lib } }),
  ]),
  ...['node16', 'bundler'].flatMap((name) =>
    Object.entries(companies).map(([file, { types, options }]) => [
      `TypeScript 5.9, moduleResolution ${name}, with the types of ${types}`,
      (kit) =>
        compile(kit, '5.9', {
          files: filesOf([file], name),
          options: { ...resolutions[name].options, ...options },
        }),
    ]),
  ),
]);

function filesOf(names, resolution) {
  return names.flatMap((name) => resolutions[resolution].endings.map((ending) => `${name}${ending}`));
}

/** Writes the sources, and compiles `program.ts` for the runtimes to `program.mjs` and `program.cjs`. */
export async function compileProgram(kit) {
  const { write, subPaths, folder } = kit.project;
  // The others import types of their frameworks, or have those of `fetch`, as the published packages.
  const { peerDependencies } = kit.packed.manifest;
  const plain = subPaths.filter((name) => !/^\.\/compat\//.test(name) && !peerDependencies[name.slice(2)]);
  const texts = { entries: importsOf(plain) };
  for (const name of ['program', 'registered', 'with-dom', 'with-node', 'with-frameworks']) {
    texts[name] = await readFile(new URL(`${name}.ts`, import.meta.url), 'utf8');
  }
  for (const [name, text] of Object.entries(texts)) {
    for (const ending of ['.ts', '.mts', '.cts']) await write(`types/${name}${ending}`, text);
  }
  // Beside the sources: there they are found from there, and not from elsewhere in the project.
  await mkdir(join(folder, 'types/node_modules/@types'), { recursive: true });
  await cp(join(folder, 'node_modules/unkey-ts'), join(folder, 'types/node_modules/unkey-ts'), {
    recursive: true,
  });
  for (const name of ['express', 'fastify', 'hono', '@types/express', '@types/node']) {
    await symlink(join(kit.tools, name), join(folder, 'types/node_modules', name));
  }
  await compile(kit, '5.9', {
    files: ['program.mts', 'program.cts'],
    options: {
      ...resolutions.node16.options,
      // The consumers report errors in the declarations.
      skipLibCheck: true,
      lib: ['es2022', 'esnext.disposable'],
      noEmit: false,
      rootDir: '.',
      outDir: folder,
    },
  });
}

let compilations = 0;

async function compile({ tools, project }, version, { files, options }) {
  const configuration = `types/tsconfig.${++compilations}.json`;
  const compilerOptions = { ...strict, noEmit: true, ...options };
  await project.write(configuration, JSON.stringify({ compilerOptions, files }));
  await execute(process.execPath, [join(tools, `typescript-${version}/bin/tsc`), '-p', configuration], {
    cwd: project.folder,
  });
}
