import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectReferencePage } from './reference-page.ts';
import { run, runtime } from './run-unkey.ts';
import { endServers, startServer } from './server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder far from this checkout, with both packages installed from their files. */
let folder: string;
let version: string;

beforeAll(async () => {
  // The whole environment: it says where npm finds its registry and its cache.
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const must = async (program: string, words: string[], cwd: string) => {
    const { status, stderr } = await run(program, words, { cwd, env });
    expect(status, stderr).toBe(0);
  };
  await must(process.execPath, ['build/tools/pack-sdk.js'], root);
  await must(process.execPath, ['tools/pack-server.mjs'], root);
  ({ version } = JSON.parse(await readFile(join(root, 'build/unkey-ts-server/package.json'), 'utf8')));
  folder = await mkdtemp(join(tmpdir(), 'unkey-package-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const files = ['unkey-ts', 'unkey-ts-server'].map((name) => join(root, `build/${name}-${version}.tgz`));
  // Without scripts: nothing has to be compiled or fetched by one.
  await must(
    'npm',
    ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...files],
    folder,
  );
}, 180_000);

afterAll(async () => {
  await endServers();
  await rm(folder, { recursive: true, force: true });
});

const installed = (...path: string[]) => join(folder, 'node_modules', ...path);
const unkey = (...words: string[]) => run(installed('.bin/unkey'), words, { cwd: folder });

test('`unkey` is the command of the package', async () => {
  expect(await unkey('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  expect((await unkey('help')).stdout).toContain('keys verifyKey');
});

test('`npx unkey-ts-server` serves, and the installed client works with it', async () => {
  const server = await startServer({
    dataDir: join(folder, 'data'),
    program: installed('unkey-ts-server/dist/unkey-ts-server.js'),
  });
  const script = `
    import { Unkey } from 'unkey-ts';
    const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY, serverURL: process.env.UNKEY_URL });
    const { apiId } = (await unkey.apis.createApi({ name: 'packed' })).data;
    const { key } = (await unkey.keys.createKey({ apiId })).data;
    console.log((await unkey.keys.verifyKey({ key })).data.code);
  `;
  await writeFile(join(folder, 'verify.mjs'), script);
  const env = { UNKEY_ROOT_KEY: server.rootKey(), UNKEY_URL: server.url };
  expect(await run(runtime, ['verify.mjs'], { cwd: folder, env })).toEqual({
    status: 0,
    stdout: 'VALID\n',
    stderr: '',
  });
  // Parts that are loaded on demand are in the package, too.
  expect((await fetch(`${server.url}/openapi.yaml`)).status).toBe(200);
  await expectReferencePage(server.url);
});

test('the test kit is an ES module and a CommonJS module, typed, and the command emulates', async () => {
  const program = `
    import { createTestUnkey, EmulatorError, type TestUnkey } from 'unkey-ts-server/testing';
    import { Unkey } from 'unkey-ts';
    const unkey: TestUnkey = await createTestUnkey({ now: '2026-01-01' });
    const client = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
    const { key } = await unkey.createKeyFor({ expires: '1h', credits: 2 });
    const codes = [(await client.keys.verifyKey({ key })).data.code];
    await unkey.clock.advance('2h');
    codes.push((await client.keys.verifyKey({ key })).data.code);
    const refused: unknown = await unkey.clock.advance('soon').catch((error: unknown) => error);
    console.log(...codes, refused instanceof EmulatorError);
    await unkey.close();
  `;
  const options = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
  };
  const typeRoots = [join(root, 'node_modules/@types')];
  await writeFile(join(folder, 'kit.mts'), program);
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { ...options, typeRoots, lib: ['es2023', 'dom'] },
      files: ['kit.mts'],
    }),
  );
  expect(await run(join(root, 'node_modules/.bin/tsc'), [], { cwd: folder })).toMatchObject({
    status: 0,
    stdout: '',
  });
  expect(await run(runtime, ['kit.mjs'], { cwd: folder })).toMatchObject({
    stdout: 'VALID EXPIRED true\n',
    stderr: '',
  });
  const required = `const { createTestUnkey } = require('unkey-ts-server/testing');
    createTestUnkey().then(async (unkey) => { console.log(unkey.rootKey); await unkey.close(); });`;
  await writeFile(join(folder, 'kit.cjs'), required);
  expect(await run(runtime, ['kit.cjs'], { cwd: folder })).toMatchObject({
    stdout: 'unkey_emulator_root_key\n',
  });
  expect(
    await run(installed('.bin/unkey'), ['emulate', '--seed', 'none.yaml'], { cwd: folder }),
  ).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('none.yaml cannot be read (ENOENT)'),
  });
});

test('`npx unkey-ts-server` without a command means `unkey serve`', async () => {
  const ran = await run(installed('.bin/unkey-ts-server'), ['--port', 'none'], { cwd: folder });
  expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('--port') });
  expect(await run(installed('.bin/unkey-ts-server'), ['--version'])).toMatchObject({
    stdout: `${version}\n`,
  });
});

test('the package can be published: nothing private, no scripts, licences, a bill of all materials', async () => {
  const manifest = JSON.parse(await readFile(installed('unkey-ts-server/package.json'), 'utf8'));
  expect(Object.keys(manifest)).not.toContain('private');
  expect(Object.keys(manifest)).not.toContain('scripts');
  for (const name of ['README.md', 'LICENSE', 'dist/third-party-licenses.txt']) {
    expect(existsSync(installed('unkey-ts-server', name)), name).toBe(true);
  }
  const bill = JSON.parse(await readFile(installed('unkey-ts-server/sbom.cdx.json'), 'utf8'));
  const named: string[] = bill.components.map(({ name }: { name: string }) => name);
  expect(named).toEqual(expect.arrayContaining(['kysely', 'swagger-ui-dist', 'typebox', 'yaml']));
  expect(named).toEqual(expect.arrayContaining(await installedPackages()));
});

/** All packages that npm has put beside ours. */
async function installedPackages(): Promise<string[]> {
  const names = await readdir(installed());
  const all = await Promise.all(
    names.map(async (name) =>
      name.startsWith('@') ? (await readdir(installed(name))).map((part) => `${name}/${part}`) : [name],
    ),
  );
  return all.flat().filter((name) => !name.startsWith('.') && !name.startsWith('unkey-ts'));
}
