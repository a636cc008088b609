import { appendFile, cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './run-unkey.ts';
import { endServers, startServer } from './server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of the sources, in which they can be changed. */
let copy: string;
let launcher: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'unkey-build-'));
  launcher = join(copy, 'tools/unkey.mjs');
  for (const name of ['contract', 'server', 'emulator', 'cli']) {
    for (const part of ['src', 'package.json']) {
      await cp(join(root, 'packages', name, part), join(copy, 'packages', name, part), { recursive: true });
    }
  }
  await cp(join(root, 'tools'), join(copy, 'tools'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(async () => {
  await endServers();
  await rm(copy, { recursive: true, force: true });
});

const unkey = (...words: string[]) => run(process.execPath, [launcher, ...words]);
const buildsOf = async () =>
  (await readdir(join(copy, 'packages/cli/dist'))).filter((name) => /^[0-9a-f]{12}$/.test(name));

test('twenty commands after a change build once, and a running server keeps its build', async () => {
  const server = await startServer({ dataDir: join(copy, 'data'), program: launcher });
  const versionFile = join(copy, 'packages/contract/src/version.ts');
  await appendFile(versionFile, '\nObject.assign(globalThis, { isChanged: true });\n');

  const ran = await Promise.all(Array.from({ length: 20 }, () => unkey('--version')));

  for (const { status, stdout, stderr } of ran) {
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  }
  expect(await buildsOf()).toHaveLength(2);
  // The writer of YAML is a file of its own, which the server has not loaded yet.
  const document = await fetch(`${server.url}/openapi.yaml`);
  expect({ status: document.status, text: await document.text() }).toMatchObject({
    status: 200,
    text: expect.stringContaining('openapi: 3.1'),
  });
});

test('a source that cannot be built fails the command and keeps the last build', async () => {
  await unkey('--version');
  const before = await buildsOf();
  await appendFile(join(copy, 'packages/cli/src/main.ts'), '\nconst = ;\n');

  const { status, stderr } = await unkey('--version');

  expect(status).toBe(1);
  expect(stderr).toContain('main.ts');
  expect(await buildsOf()).toEqual(before);
});
