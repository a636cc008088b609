import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Unkey } from 'unkey-ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeClock, type Service, startService } from '../service.ts';
import { program } from './migration/program.ts';

const root = new URL('../../', import.meta.url).pathname;

let service: Service;
let folder: string;

beforeAll(async () => {
  // The clock stands still: no rate limit window ends between two calls.
  service = await startService({ clock: fakeClock(Date.now()) });
  mkdirSync(join(root, 'build'), { recursive: true });
  // Inside the repository, so that packages are resolved.
  folder = await mkdtemp(join(root, 'build/migration-'));
  const theirs = await readFile(join(root, 'tests/sdk/migration/program.ts'), 'utf8');
  const ours = theirs
    .replaceAll(/'@unkey\/api(\/models\/errors)?'/g, "'unkey-ts'")
    .replace(/of await (unkey\.apis\.listKeys\(.*?\))\)/, 'of $1.pages())');
  expect(ours.split("'unkey-ts'")).toHaveLength(3);
  expect(ours).toContain('.pages()');
  await writeFile(join(folder, 'program.ts'), ours);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
});

afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

test('a program for @unkey/api passes the type checker with its imports and its loop over pages changed', async () => {
  const compiler = join(root, 'node_modules/.bin/tsc');
  const output = await promisify(execFile)(compiler, ['-p', folder, '--pretty', 'false']).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(output).toBe('');
});

test('and has the same results', async () => {
  const migrated: { program: typeof program } = await import(join(folder, 'program.ts'));
  const theirs = await program(await newWorkspace());
  const ours = await migrated.program(await newWorkspace());
  expect(ours).toEqual(theirs);
  expect(theirs).toContainEqual(expect.objectContaining({ code: 'VALID', credits: 8 }));
  expect(theirs).toContainEqual(expect.objectContaining({ status: 400, isSame: true }));
  expect(theirs).toContainEqual([2, 2, 1]);
});

test('reading `error` and `meta` of a response that is not one of the API throws nothing', async () => {
  const fetch = async () => new Response('<h1>Bad gateway</h1>', { status: 502 });
  const unkey = new Unkey({ rootKey: 'test', fetch, retry: false });
  const { error } = await unkey.keys.whoami({ key: 'any' }).safe();
  expect(error?.error.detail).toBe(undefined);
  expect(error?.meta.requestId).toBe(undefined);
});

async function newWorkspace(): Promise<{ serverURL: string; rootKey: string }> {
  const { rootKey } = await service.newWorkspace();
  return { serverURL: service.url, rootKey };
}

const project = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    incremental: false,
    noEmit: true,
    lib: ['es2023', 'dom', 'dom.asynciterable', 'esnext.disposable'],
    types: ['node'],
  },
  include: ['*.ts'],
};
