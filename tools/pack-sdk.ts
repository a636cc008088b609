import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Makes the package `unkey-ts`, as it is published, from the compiled client in `packages/sdk/dist`: as files in
 * `build/unkey-ts`, and as a tarball beside it. Run at the root.
 *
 * JavaScript is bundled: a client starts four times as fast from three files as from twenty. `UnkeyCore` has a file of
 * its own, so that pages which use only that load nothing else.
 *
 * Declarations exist once, in the CommonJS folder. ES modules may use types from there, and both module systems get the
 * same types: a client created in one can be passed to the other. Their maps lead to the sources, which are in `src`.
 */

const source = 'packages/sdk';
const target = 'build/unkey-ts';

interface Manifest {
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | { readonly import: { readonly default: string } }>>;
}

const { private: _, ...manifest }: Manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
/** Set in the package.json at the root, for both packages; absent until there is a public repository. */
const { repository, bugs, homepage } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Sub-path of the package → path of its entry below `src` and `dist`, without an ending. */
const entries = new Map(
  Object.entries(manifest.exports).flatMap(([subPath, conditions]) =>
    typeof conditions === 'string'
      ? []
      : [[subPath, conditions.import.default.replace(/^\.\/dist\/|\.js$/g, '')] as const],
  ),
);

const relativeImport = /(\bfrom |\bimport\()(['"])(\.[^'"]*)\.ts\2/g;

rmSync(target, { recursive: true, force: true });
await bundle('dist', 'esm');
await bundle('dist/cjs', 'cjs');
writeDeclarations();
copySources();
write(
  'package.json',
  `${JSON.stringify({ ...manifest, repository, bugs, homepage, ...legacyFields() }, undefined, 2)}\n`,
);
write('dist/cjs/package.json', '{ "type": "commonjs" }\n');
copyFileSync(join(source, 'README.md'), join(target, 'README.md'));
copyFileSync('LICENSE', join(target, 'LICENSE'));
execFileSync('npm', ['pack', `./${target}`, '--pack-destination', 'build', '--silent'], { stdio: 'inherit' });

async function bundle(folder: string, format: 'esm' | 'cjs'): Promise<void> {
  const inputs = [...entries.values()].map((entry) => [entry, join(source, 'dist', `${entry}.js`)]);
  await using build = await rolldown({
    input: Object.fromEntries(inputs),
    external: /^(node:|hono\/)/,
    platform: 'neutral',
    // It is JavaScript already.
    tsconfig: false,
  });
  await build.write({
    dir: join(target, folder),
    format,
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    comments: { jsdoc: false },
    codeSplitting: {
      groups: [{ name: 'core', test: /dist.core\.js$/, includeDependenciesRecursively: true }],
    },
  });
}

/** The declarations that the entries import. */
function writeDeclarations(): void {
  const written = new Set<string>();
  const follow = (name: string): void => {
    if (written.has(name)) return;
    written.add(name);
    const text = readFileSync(join(source, 'dist', `${name}.d.ts`), 'utf8');
    // The compiler keeps the file endings of the sources.
    const published = text.replace(relativeImport, '$1$2$3.js$2');
    const left = /['"]\.[^'"\n]*\.ts['"]/.exec(published);
    if (left !== null)
      throw new Error(`The declarations of ${name} import a source, which is not published: ${left[0]}.`);
    write(`dist/cjs/${name}.d.ts`, published);
    writeMap(name);
    for (const [, , , target = ''] of text.matchAll(relativeImport)) follow(join(dirname(name), target));
  };
  for (const entry of entries.values()) {
    follow(entry);
    const up = '../'.repeat(entry.split('/').length - 1) || './';
    write(`dist/${entry}.d.ts`, `export * from '${up}cjs/${entry}.js';\n`);
  }
}

/** The map of a declaration: with it, an editor goes to the source in `src`. */
function writeMap(name: string): void {
  const file = `dist/cjs/${name}.d.ts.map`;
  const map = JSON.parse(readFileSync(join(source, 'dist', `${name}.d.ts.map`), 'utf8'));
  map.sources = [relative(dirname(file), `src/${name}.ts`)];
  write(file, JSON.stringify(map));
}

/** The sources without their tests, for editors. */
function copySources(): void {
  cpSync(join(source, 'src'), join(target, 'src'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
}

/** For TypeScript with `moduleResolution: node10`, which does not read `exports`. */
function legacyFields(): object {
  const paths = [...entries].map(([subPath, entry]) => [subPath.slice(2), [`./dist/cjs/${entry}.d.ts`]]);
  return {
    main: './dist/cjs/index.js',
    types: './dist/cjs/index.d.ts',
    typesVersions: { '*': Object.fromEntries(paths.filter(([name]) => name !== '')) },
  };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(target, file)), { recursive: true });
  writeFileSync(join(target, file), text);
}
