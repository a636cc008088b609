import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { families } from '../../packages/codemod/src/modules.ts';
import { moveProgram } from '../../packages/codemod/src/move.ts';
import { fakeClock, type Service, startService } from '../service.ts';
import type { Program, World } from './compat/world.ts';

/** Programs for the published packages, and how many values each returns at least. */
const programs = {
  'key-service': 9,
  door: 14,
  pagination: 20,
  'error-handling': 20,
  retries: 11,
  'client-hooks': 12,
  functions: 10,
  'rate-limits': 20,
  'hono-app': 9,
  'next-route': 7,
  signup: 8,
  throttle: 7,
};
const names = Object.keys(programs);

/** Programs that the codemod moves to the names of `unkey-ts`; the others get `unkey-ts/compat/…`. */
const movable = ['signup', 'throttle'];

const root = new URL('../../', import.meta.url).pathname;

let service: Service;
let silent: Server;
let folder: string;

beforeAll(async () => {
  // The clock stands still, and is ahead of the machine's: no window ends between two calls.
  service = await startService({ clock: fakeClock(Date.UTC(2200, 0, 1)) });
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  mkdirSync(join(root, 'build'), { recursive: true });
  // Inside the repository, so that packages are resolved.
  folder = await mkdtemp(join(root, 'build/compat-'));
  mkdirSync(join(folder, 'moved'));
  for (const name of [...names, 'world', 'next-server']) {
    const text = await sourceOf(name);
    await writeFile(join(folder, `${name}.ts`), withOurImports(text));
    await writeFile(join(folder, `moved/${name}.ts`), moved(name, text).text);
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
});

afterAll(async () => {
  await service.close();
  silent.close();
  silent.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

test('programs for the published packages compile with only their imports changed, and after the codemod', async () => {
  const compiler = join(root, 'node_modules/.bin/tsc');
  const output = await promisify(execFile)(compiler, ['-p', folder, '--pretty', 'false']).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(output).toBe('');
});

test.each(names)('%s sees the same with only its imports changed', async (name) => {
  const theirs: { program: Program } = await import(`./compat/${name}.ts`);
  const ours: { program: Program } = await import(join(folder, `${name}.ts`));
  const expected = await run(theirs.program);
  expect(expected.length).toBeGreaterThanOrEqual(programs[name as keyof typeof programs]);
  expect(await run(ours.program)).toEqual(expected);
});

test.each(names)('%s sees the same after the codemod', async (name) => {
  const theirs: { program: Program } = await import(`./compat/${name}.ts`);
  const ours: { program: Program } = await import(join(folder, `moved/${name}.ts`));
  expect(await run(ours.program)).toEqual(await run(theirs.program));
});

test.each(names)('the codemod says why %s keeps its names, unless it does not', async (name) => {
  const { outcome } = moved(name, await sourceOf(name));
  const isOwn = outcome.families.every(({ to }) => !to.includes('/compat/'));
  expect(isOwn).toBe(movable.includes(name));
  expect(outcome.families.flatMap(({ obstacles }) => obstacles).length > 0).toBe(!isOwn);
});

function moved(name: string, text: string) {
  const file = { path: `${name}.ts`, text };
  const outcome = moveProgram(
    [file],
    families.map((family) => family.name),
  );
  return { outcome, text: outcome.changed[0]?.text ?? text };
}

/** `@unkey/hono` and `@unkey/nextjs` have no option for the URL: what they send to the hosted service is redirected. */
async function run(program: Program): Promise<unknown[]> {
  const send = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const url = request.url.replace(/^https:\/\/api\.unkey\.com/, service.url);
    return send(new Request(url, request));
  });
  try {
    return await program(await newWorld());
  } finally {
    vi.unstubAllGlobals();
  }
}

async function newWorld(): Promise<World> {
  const { rootKey, workspaceId } = await service.newWorkspace();
  const { key: weakRootKey } = await service.newRootKey(workspaceId, []);
  // The address of a server that listens on a port has that port.
  const { port } = silent.address() as AddressInfo;
  return { serverURL: service.url, rootKey, weakRootKey, silentURL: `http://127.0.0.1:${port}` };
}

function sourceOf(name: string): Promise<string> {
  return readFile(join(root, `tests/sdk/compat/${name}.ts`), 'utf8');
}

function withOurImports(source: string): string {
  return source.replaceAll(/(?<=from ')@unkey\/(?=(api|ratelimit|hono|nextjs)\b)/g, 'unkey-ts/compat/');
}

const project = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    incremental: false,
    noEmit: true,
    lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'],
    types: ['node'],
    skipLibCheck: false,
    paths: { 'next/server': ['./next-server.ts'] },
  },
  include: ['**/*.ts'],
};
