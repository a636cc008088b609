import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Pages, and how many bytes of them there may be, gzipped. Pages of bundlers that are not listed have none. */
const pages = {
  client: {
    text: `import { Unkey } from 'unkey-ts'; globalThis.unkey = (options) => new Unkey(options);`,
    mostBytes: 7000,
  },
  verify: {
    text: `import { Core, verifyKey } from 'unkey-ts/functions';
globalThis.verify = (options, key) => verifyKey(new Core(options), { key });`,
    mostBytes: 4750,
  },
};

const bundlers = {
  async esbuild(load, { entry }) {
    const { build } = await load('esbuild/lib/main.js');
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    return outputFiles[0].text;
  },
  async rollup(load, { entry, folder }) {
    const { rollup } = await load('rollup/dist/es/rollup.js');
    const { minify } = await load('terser/main.js');
    const bundle = await rollup({ input: entry, plugins: [resolver(folder)] });
    const [{ code }] = (await bundle.generate({ format: 'esm' })).output;
    return (await minify(code, { module: true })).code;
  },
  async webpack(load, { entry, folder, name }) {
    const { default: webpack } = await load('webpack/lib/index.js');
    const output = { path: folder, filename: `${name}.webpack.js` };
    const options = { mode: 'production', entry, output, target: ['web', 'es2022'] };
    const stats = await new Promise((resolve, reject) => {
      webpack(options, (error, stats) => (error ? reject(error) : resolve(stats)));
    });
    assert.equal(stats.hasErrors(), false, stats.toString());
    return readFile(join(folder, output.filename), 'utf8');
  },
};

/** Rollup alone resolves no packages. */
function resolver(folder) {
  const packed = join(folder, 'node_modules/unkey-ts');
  return {
    name: 'packed',
    async resolveId(source) {
      if (!source.startsWith('unkey-ts')) return null;
      const { exports } = JSON.parse(await readFile(join(packed, 'package.json'), 'utf8'));
      return join(packed, exports[source.replace('unkey-ts', '.')].import.default);
    },
  };
}

export const bundles = Object.fromEntries(
  Object.entries(bundlers).map(([bundler, bundle]) => [
    `bundled by ${bundler}`,
    async ({ tools, project, stage }) => {
      const load = (path) => import(pathToFileURL(join(tools, path)).href);
      const sizes = [];
      for (const [page, { text, mostBytes }] of Object.entries(pages)) {
        const name = `${page}.${bundler}`;
        await project.write(`${name}.mjs`, text);
        const entry = join(project.folder, `${name}.mjs`);
        const code = await bundle(load, { entry, folder: project.folder, name });
        const bytes = gzipSync(code, { level: 9 }).length;
        assert(bytes <= mostBytes, `${page}: ${bytes} bytes, at most ${mostBytes}`);
        sizes.push(`${page} ${bytes} B`);
        await project.write(`${name}.bundle.mjs`, code);
        await import(pathToFileURL(join(project.folder, `${name}.bundle.mjs`)).href);
      }
      const options = { rootKey: stage.rootKey, serverURL: stage.url };
      const key = 'unknown';
      assert.equal((await globalThis.verify(options, key)).data.code, 'NOT_FOUND');
      assert.equal((await globalThis.unkey(options).keys.verifyKey({ key })).data.code, 'NOT_FOUND');
      return sizes.join(', ');
    },
  ]),
);
