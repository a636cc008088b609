import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './run-unkey.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'build/unkey-ts-codemod/dist/main.js');

let folder: string;

beforeAll(async () => {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const { status, stderr } = await run(process.execPath, ['tools/pack-codemod.mjs'], { cwd: root, env });
  expect(status, stderr).toBe(0);
  folder = await mkdtemp(join(tmpdir(), 'unkey-codemod-'));
  await mkdir(join(folder, 'src/node_modules'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  // A circle.
  await symlink('..', join(folder, 'src/up'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const files = {
  'src/client.ts': `import { Unkey } from '@unkey/api';\nexport const unkey = new Unkey({ timeoutMs: 5000 });\n`,
  'src/app.ts': `import { unkey } from '@unkey/hono';\napp.use(unkey({ rootKey }));\n`,
  'src/broken.ts': `import { Unkey } from '@unkey/api';\nconst = 1;\n`,
  'src/node_modules/theirs.ts': `import { Unkey } from '@unkey/api';\n`,
};

const codemod = (...words: string[]) => run(process.execPath, [program, ...words], { cwd: folder });
const textOf = (name: string) => readFile(join(folder, name), 'utf8');

test('without --write it shows the changes and makes none', async () => {
  const { status, stdout, stderr } = await codemod('src/client.ts', 'src/app.ts');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`-import { Unkey } from '@unkey/api';\n+import { Unkey } from 'unkey-ts';\n`);
  expect(stdout).toContain('@unkey/hono → unkey-ts/compat/hono: 1 file');
  expect(stdout).toContain('src/app.ts:1  The doors of unkey-ts refuse invalid keys themselves');
  expect(stdout).toContain('2 files would change.');
  for (const [name, text] of Object.entries(files)) expect(await textOf(name)).toBe(text);
});

test('unknown words are refused, and nothing changes', async () => {
  expect(await codemod('--from', '@unkey/cache', 'src')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("Unknown package '@unkey/cache': expected @unkey/api, "),
  });
  expect(await codemod('--wrlte')).toMatchObject({ status: 1, stderr: expect.stringContaining('--wrlte') });
  expect(await codemod('nowhere')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("There is no file or folder 'nowhere'."),
  });
  expect((await codemod('--help')).stdout).toContain('--write');
  expect(await textOf('src/client.ts')).toBe(files['src/client.ts']);
});

test('with --write it changes the files that it can read, and names the others', async () => {
  const { status, stdout } = await codemod('--write', '--from', '@unkey/api', '.');
  expect(status).toBe(1);
  expect(stdout).toContain('src/broken.ts:2');
  expect(stdout).toContain('1 file changed.');
  expect(await textOf('src/client.ts')).toBe(files['src/client.ts'].replace('@unkey/api', 'unkey-ts'));
  for (const name of ['src/app.ts', 'src/broken.ts', 'src/node_modules/theirs.ts'] as const) {
    expect(await textOf(name)).toBe(files[name]);
  }
});

test('the package needs nothing and has the licences of what is in it', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'build/unkey-ts-codemod/package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('private');
  expect([manifest.dependencies, manifest.devDependencies, manifest.scripts]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const licences = await readFile(join(root, 'build/unkey-ts-codemod/dist/third-party-licenses.txt'), 'utf8');
  expect(licences).toContain('@babel/parser');
});
