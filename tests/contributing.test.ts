import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyTree } from '../tools/copy-tree.ts';

/** Adds an operation to a copy of the sources, by the code that CONTRIBUTING.md prints and by nothing else. */

const root = new URL('..', import.meta.url).pathname;
/** Takes half a minute; a machine that does other things as well needs longer. */
const timeout = 900_000;
const run = promisify(execFile);

let copy: string;
beforeAll(async () => {
  copy = await copyTree('unkey-ts-contributing-');
  // The linter and the rules of the house ask Git for the files.
  await run('git', ['init', '--quiet'], { cwd: copy });
}, timeout);
afterAll(() => rm(copy, { recursive: true, force: true }));

test('the example of a new operation works as printed', { timeout }, async () => {
  const steps = stepsOf(await readFile(join(root, 'CONTRIBUTING.md'), 'utf8'));
  expect(steps.map(({ file }) => file)).toEqual([
    'packages/contract/src/keys/disable-key.ts',
    'packages/contract/src/operations.ts',
    'packages/server/src/operations/keys/disable-key.ts',
    'packages/server/src/operations/index.ts',
    'tests/api/keys/disable-key.ts',
  ]);
  for (const { file, code } of steps) await apply(join(copy, file), code);

  await node('typescript/bin/tsc', '-b', 'tools');
  await node('../build/tools/generate.js');
  await node('@biomejs/biome/bin/biome', 'check', '--write', ...steps.map(({ file }) => file));
  await node('typescript/bin/tsc', '-b');
  await node('typescript/bin/tsc', '-p', 'tests', '--noEmit');
  await node('../build/tools/generate.js', '--check');
  const suites = [
    'packages/contract/src/operations',
    'packages/contract/src/permissions',
    'packages/sdk/src/generated',
    'tests/api/keys.test',
    'tests/api/every-operation',
    'tests/sdk/every-operation',
    'tests/simulation/coverage',
    'tools/tidy',
  ];
  // The tests of the operation, and those of all operations.
  await node(
    'vitest/vitest.mjs',
    'run',
    ...suites,
    '-t',
    'keys\\.disableKey|every operation|rules of the house|the client',
  );
});

interface Step {
  readonly file: string;
  readonly code: string;
}

/** Each step names a file and prints its content. */
function stepsOf(page: string): Step[] {
  const [, section = ''] = /\n## Add an operation\n([\s\S]*?)\n## /.exec(page) ?? [];
  const steps = section.matchAll(/^\d\. `([^`]+)`[\s\S]*?^ {3}```ts\n([\s\S]*?)^ {3}```$/gm);
  return [...steps].map(([, file = '', code = '']) => ({ file, code: code.replaceAll(/^ {3}/gm, '') }));
}

/** A new file, or lines for one that exists: imports at its top, an entry into its table. */
async function apply(file: string, code: string): Promise<void> {
  const existing = await readFile(file, 'utf8').catch(() => null);
  if (existing === null) return writeFile(file, code);
  const lines = code.trimEnd().split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const entries = lines.filter((line) => line.startsWith("  '"));
  const changed = existing.replace(/^ {2}'/m, (first) => `${entries.join('\n')}\n${first}`);
  return writeFile(file, `${imports.join('\n')}\n${changed}`);
}

/** Runs a program of `node_modules` in the copy; a failure throws its output. */
async function node(program: string, ...args: readonly string[]): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|UNKEY_)/.test(name)),
  );
  const script = join(copy, 'node_modules', program);
  const failure = await run(process.execPath, [script, ...args], {
    cwd: copy,
    env: { ...env, NO_COLOR: '1' },
  }).then(
    () => null,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}\n${stderr}`,
  );
  if (failure !== null) throw new Error(`${program} ${args.join(' ')} failed:\n${failure}`);
}
