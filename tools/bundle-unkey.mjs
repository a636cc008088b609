import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

/**
 * Bundles the command line and the service from their TypeScript sources, with source maps.
 *
 * A start reads a few files instead of nearly a thousand, which takes a third of the time. What only some need
 * (PostgreSQL, Redis, YAML, moving data) stays in files of its own, loaded when it is needed. The dependencies of
 * `packages/cli` are not bundled: database drivers have binaries or parts of their own to load.
 */

const root = fileURLToPath(new URL('..', import.meta.url));

const entries = {
  main: 'packages/cli/src/main.ts',
  // Worker threads: each is one file, because its start waits for all that it loads.
  'sqlite-worker': 'packages/server/src/events/sqlite-worker.ts',
  'storage-worker': 'packages/server/src/threads/storage-worker.ts',
};

/** Workspace packages, which are bundled from their sources. */
export const sources = {
  '@unkey-ts/contract': join(root, 'packages/contract/src/index.ts'),
  '@unkey-ts/emulator': join(root, 'packages/emulator/src/index.ts'),
  '@unkey-ts/server': join(root, 'packages/server/src/index.ts'),
};

/** Writes the bundle with the licences of what is in it into a folder; resolves to the paths of all files in it. */
export async function bundleUnkey(folder) {
  const modules = [];
  for (const [name, file] of Object.entries(entries)) {
    const output = {
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: (chunk) => `${chunkName(chunk)}.js`,
    };
    modules.push(...(await bundle({ [name]: join(root, file) }, output)));
  }
  const files = [...new Set(modules), ...copyReferencePage(folder)];
  writeLicences(folder, files);
  return files;
}

/**
 * Writes the test kit as one ES module and one CommonJS module, for test runners that know either. It uses the timers
 * that are there when it is loaded: a test may replace them afterwards.
 */
export async function bundleTestKit(folder) {
  const timers = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'performance',
  ];
  const input = { testing: sources['@unkey-ts/emulator'] };
  const output = { dir: folder, codeSplitting: false, intro: `const { ${timers.join(', ')} } = globalThis;` };
  await bundle(input, { ...output, format: 'cjs', entryFileNames: '[name].cjs' });
  return bundle(input, { ...output, format: 'esm', entryFileNames: '[name].js' });
}

/** Resolves to the paths of the modules in it. */
async function bundle(input, output) {
  const built = await build({
    input,
    external: Object.keys(readManifest(join(root, 'packages/cli')).dependencies),
    platform: 'node',
    tsconfig: false,
    resolve: { alias: sources },
    transform: { target: 'node20.19' },
    output: { sourcemap: true, comments: { jsdoc: false }, ...output },
  });
  return built.output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

/** The licences of bundled packages must be copied with them. */
export function writeLicences(folder, files) {
  writeFileSync(join(folder, 'third-party-licenses.txt'), licencesOf(packageFoldersOf(files)));
}

/** Puts the files of `/reference/` beside a bundle; returns their sources. */
export function copyReferencePage(folder) {
  const own = join(root, 'packages/cli/src/reference');
  const component = join(root, 'node_modules/swagger-ui-dist');
  const files = [
    ...readdirSync(own).map((name) => join(own, name)),
    ...['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt'].map((name) =>
      join(component, name),
    ),
  ];
  mkdirSync(join(folder, 'reference'), { recursive: true });
  for (const file of files) copyFileSync(file, join(folder, 'reference', basename(file)));
  return files;
}

/** Names for stack traces: by the first of these that is in the chunk. */
const chunkNames = [
  [/\/cli\/src\/main\.ts$/, 'main'],
  [/\/server\/src\/index\.ts$/, 'server'],
  [/\/contract\/src\/index\.ts$/, 'contract'],
  [/\/emulator\/src\/index\.ts$/, 'emulator'],
  [/\/storage\/postgres\/storage\.ts$/, 'postgres'],
  [/\/counters\/postgres\/counters\.ts$/, 'postgres-counters'],
  [/\/counters\/redis\/counters\.ts$/, 'redis'],
  [/\/storage\/transfer\/postgres\.ts$/, 'postgres-transfer'],
  [/\/transport\/bun\/server\.ts$/, 'bun'],
  [/\/storage\/sql\/store\.ts$/, 'sql-store'],
  [/\/node_modules\/yaml\//, 'yaml'],
];

function chunkName({ name, moduleIds }) {
  const [, known] = chunkNames.find(([pattern]) => moduleIds.some((id) => pattern.test(id))) ?? [];
  return known ?? name;
}

/** The folders of the packages that bundled files belong to. */
export function packageFoldersOf(files) {
  const folders = files.flatMap((id) => id.match(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []);
  return [...new Set(folders)].sort();
}

/** The licences and notices of bundled packages must be copied with them. */
export function licencesOf(folders) {
  const notices = folders.map((folder) => {
    const { name, version, license } = readManifest(folder);
    const files = readdirSync(folder);
    if (!files.some((file) => /^licen[cs]e/i.test(file)))
      throw new Error(`${name} is bundled and has no licence file to go with it.`);
    const texts = files.filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
