import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { operations } from '@unkey-ts/contract';
import * as sdk from 'unkey-ts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { fakeClock, type Service, startService } from '../service.ts';
import { examplesOf, isSame, moduleOf, promisesOf } from './readme/examples.ts';
import { createFixtures, type Fixtures, startProxy, tracer } from './readme/fixtures.ts';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'packages/sdk/README.md'), 'utf8');
const examples = examplesOf(page);
// A declaration of types for a whole application is compiled alone.
const isAlone = ({ code }: { readonly code: string }) => code.startsWith('declare module');
const programs = examples.filter((example) => example.language === 'ts' && !isAlone(example));

let service: Service;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let folder: string;
const { UNKEY_SERVER_URL = '', UNKEY_ROOT_KEY = '' } = process.env;

beforeAll(async () => {
  // The clock stands still: no rate limit window ends between two calls.
  service = await startService({ clock: fakeClock(Date.now()) });
  proxy = await startProxy();
  mkdirSync(join(root, 'build'), { recursive: true });
  // Inside the repository, so that packages are resolved.
  folder = await mkdtemp(join(root, 'build/readme-'));
  await writeFile(join(folder, 'fixtures.d.ts'), declarations);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
  for (const example of programs) await writeFile(fileOf(example), moduleOf(example));
});

afterAll(async () => {
  await service.close();
  proxy.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => {
  Object.assign(process.env, { UNKEY_SERVER_URL, UNKEY_ROOT_KEY });
  vi.restoreAllMocks();
});

test('the page has examples, all in known languages', () => {
  expect(programs.length).toBeGreaterThan(0);
  const languages = new Set(examples.map(({ language }) => language));
  expect([...languages].filter((language) => !['ts', 'diff', 'python', 'sh'].includes(language))).toEqual([]);
});

test('the page names every operation, every kind of error and every option', () => {
  const methods = Object.keys(operations).map((id) => id.split('.').at(-1) ?? '');
  const errors = Object.keys(sdk).filter((name) => /Error(Response)?$/.test(name) && /^[A-Z]/.test(name));
  const options = [...knownOptions(), 'signal', 'idempotencyKey'];
  expect(options).toEqual(expect.arrayContaining(['rootKey', 'retry', 'maxAttempts', 'statusCodes']));
  const absent = [...methods, ...errors, ...options].filter((name) => !page.includes(`\`${name}\``));
  expect(absent).toEqual([]);
});

test('every example visibly imports the names of the package that it uses', () => {
  const hidden = programs.flatMap(({ before, line }) => (/unkey-ts/.test(before) ? [line] : []));
  expect(hidden).toEqual([]);
  const lacking = programs.flatMap(({ code, line }) => {
    const statements = code.replaceAll(/\/\/.*$|'[^'\n]*'/gm, '');
    const imported = [...code.matchAll(/^import .*$/gm)].join('\n');
    return Object.keys(sdk)
      .filter((name) => new RegExp(`(?<![.\\w])${name}\\b`).test(statements))
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(imported))
      .map((name) => `line ${line}: ${name}`);
  });
  expect(lacking).toEqual([]);
});

test('every link within the page leads to a heading', () => {
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link = '') => !anchors.includes(link))).toEqual([]);
});

test('every example passes the type checker', async () => {
  expect(await compilerOutput(folder)).toBe('');
});

test('the declaration of types for an application has the compiler check permission queries', async () => {
  const [example, ...more] = examples.filter(isAlone);
  expect(more).toEqual([]);
  const alone = join(folder, 'alone');
  mkdirSync(alone);
  const program = `
    import { Unkey } from 'unkey-ts';
    ${example?.code}
    const { data } = await new Unkey().keys.verifyKey({ key: '', permissions: 'documents.read' });
    console.log(data.meta?.plan);
    // @ts-expect-error
    await new Unkey().keys.verifyKey({ key: '', permissions: 'documents.raed' });`;
  await writeFile(join(alone, 'main.ts'), program);
  await writeFile(
    join(alone, 'tsconfig.json'),
    JSON.stringify({ extends: '../tsconfig.json', include: ['main.ts'] }),
  );
  expect(await compilerOutput(alone)).toBe('');
});

describe('the example runs', () => {
  test.each(programs.filter(({ isRun }) => isRun).map((example) => ({ ...example, example })))(
    'line $line: $heading',
    async ({ example }) => {
      vi.spyOn(console, 'log').mockReturnValue();
      vi.spyOn(console, 'error').mockReturnValue();
      const fixtures: Fixtures = await createFixtures(service);
      Object.assign(globalThis, fixtures, { proxyURL: proxy.url, tracer: tracer(), same, throws });
      checked.clear();
      await import(fileOf(example));
      expect([...checked].toSorted((a, b) => a - b)).toEqual(promisesOf(example));
    },
  );
});

/** Empty if the project compiles. */
function compilerOutput(project: string): Promise<string> {
  const compiler = join(root, 'node_modules/.bin/tsc');
  return promisify(execFile)(compiler, ['-p', project, '--pretty', 'false']).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

/** The known options, from the error for an unknown one. */
function knownOptions(): string[] {
  const wrong = [{ unknown: true }, { retry: { unknown: true } }];
  return wrong.flatMap((options) => {
    const { message } = failureOf(() => Reflect.construct(sdk.Unkey, [{ rootKey: 'test', ...options }]));
    return /Known options: (.*)\.$/.exec(message)?.[1]?.split(' ') ?? [];
  });
}

function failureOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

function fileOf({ line }: { readonly line: number }): string {
  return join(folder, `line-${line}.ts`);
}

/** Lines whose promised outcome was checked; a line in a branch that does not run is missing. */
const checked = new Set<number>();

function same(actual: unknown, expected: unknown, line?: number): void {
  if (!isSame(actual, expected)) expect(actual).toEqual(expected);
  if (line !== undefined) checked.add(line);
}

async function throws(name: string, work: () => Promise<unknown>, line: number): Promise<void> {
  const outcome = await work().then(
    (value) => `the value ${JSON.stringify(value)}`,
    (error: Error) => error.name,
  );
  expect(outcome).toBe(name);
  checked.add(line);
}

const declarations = `
declare const unkey: import('unkey-ts').Unkey;
declare const apiId: string;
declare const keyId: string;
declare const key: string;
declare const userId: string;
declare const request: Request;
declare const tracer: {
  readonly ended: readonly string[];
  readonly started: readonly { readonly attributes: object }[];
  startSpan(name: string, options: { kind: number; startTime: number; attributes: object }): { end(): void };
};
declare const proxyURL: string;
declare function same(actual: unknown, expected: unknown, line?: number): void;
declare function throws(name: string, work: () => Promise<unknown>, line: number): Promise<void>;
`;

const project = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    incremental: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noEmit: true,
    lib: ['es2023', 'dom', 'dom.asynciterable', 'esnext.disposable'],
    types: ['node'],
    paths: { 'unkey-ts-server/testing': [join(root, 'packages/emulator/dist/index.d.ts')] },
  },
  include: ['*.ts'],
};
