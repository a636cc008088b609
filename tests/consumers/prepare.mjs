import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from './execute.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const build = fileURLToPath(new URL('../../build/', import.meta.url));

/** The runtimes and compilers of `package.json`, cached in `build/consumers`. Returns their node_modules. */
export async function prepareTools() {
  const folder = join(build, 'consumers');
  const stamp = join(folder, 'installed.json');
  const lock = await readFile(join(here, 'package-lock.json'), 'utf8');
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== lock) {
    await mkdir(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      await cp(join(here, file), join(folder, file));
    // The whole environment, because it configures the registry of npm.
    await execute('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      env: process.env,
      timeoutMs: 300_000,
    });
    await writeFile(stamp, lock);
  }
  return join(folder, 'node_modules');
}

/** Packs the package: returns its folder, its file, and its manifest. */
export async function preparePackage() {
  const root = join(build, '..');
  await execute(process.execPath, [join(build, 'tools/pack-sdk.js')], { cwd: root });
  const folder = join(build, 'unkey-ts');
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return { folder, manifest, file: join(build, `unkey-ts-${manifest.version}.tgz`) };
}

/** A project outside of this checkout, with only the package installed. */
export async function prepareProject({ file, manifest }) {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-consumers-'));
  const write = async (name, text) => {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  await write('package.json', JSON.stringify({ name: 'consumer', private: true }));
  await execute('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', file], {
    cwd: folder,
  });
  for (const name of ['main.mjs', 'main.cjs', 'both.mjs', 'worker.mjs', 'worker.capnp', 'page.mjs']) {
    await cp(join(here, name), join(folder, name));
  }

  // Not the data, not the patterns, and not the entry that has only types.
  const subPaths = Object.keys(manifest.exports).filter(
    (name) => !/package\.json$|\*|operations$/.test(name),
  );
  await write('entries.mjs', importsOf(subPaths));
  await write('entries-web.mjs', importsOf(subPaths.filter((name) => name !== './node')));
  await write('entries.cjs', requiresOf(subPaths));
  await write('page.html', pageOf(manifest));

  return {
    folder,
    subPaths,
    write,
    async writeWorld(world) {
      await write('world.mjs', `export const world = ${JSON.stringify(world)};\n`);
      await write('world.cjs', `exports.world = ${JSON.stringify(world)};\n`);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A module that exports every entry point of the package in `entries`, by sub-path. It is valid TypeScript, too. */
export function importsOf(subPaths) {
  const imports = subPaths.map((name, index) => `import * as entry${index} from '${specifierOf(name)}';`);
  const members = subPaths.map((name, index) => `  '${name}': entry${index},`);
  return [...imports, 'export const entries = {', ...members, '};\n'].join('\n');
}

function requiresOf(subPaths) {
  const members = subPaths.map((name) => `  '${name}': require('${specifierOf(name)}'),`);
  return ['exports.entries = {', ...members, '};\n'].join('\n');
}

/** A page without a bundler: an import map has the URLs of the package's files. */
function pageOf({ exports }) {
  const imports = Object.entries(exports).map(([name, conditions]) => [
    specifierOf(name),
    join('/node_modules/unkey-ts', conditions.import?.default ?? conditions),
  ]);
  return `<!doctype html>
<meta charset="utf-8">
<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) })}</script>
<script type="module" src="page.mjs"></script>
`;
}

function specifierOf(subPath) {
  return `unkey-ts${subPath.slice(1)}`;
}
