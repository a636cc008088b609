import { execFile, spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { copyTree } from './copy-tree.ts';
import { type Accepted, isSame, type Mutant, mutantsOf, mutate, type Place } from './mutants.ts';

/**
 * Changes the sources, one small change at a time, and tells which changes no test notices: `npm run mutate`. Works in a
 * copy of the tree. Prints a line of JSON for each change, and the score.
 */

interface Step {
  /** Default: `vitest.mutate.config.ts`. */
  readonly config?: string;
  /** Which tests: parts of their paths. */
  readonly words: readonly string[];
}

type Outcome =
  | { readonly outcome: 'killed'; readonly by: string }
  | { readonly outcome: 'timeout' | 'survived' | 'accepted' | 'not judged' };

const server = 'packages/server/src';
const services = 'vitest.services.config.ts';
const api = { words: ['tests/api/'] };
const simulation = { words: ['tests/simulation/simulation'] };

/** The tests for a file: the first folder that has it applies; the next step runs when the one before notices nothing. */
const suites: readonly { readonly folder: string; readonly steps: readonly Step[] }[] = [
  { folder: `${server}/domain`, steps: [{ words: [`${server}/domain`] }, api, simulation] },
  {
    folder: `${server}/pipeline`,
    steps: [{ words: [`${server}/pipeline`] }, api, { words: ['tests/hostile/'] }],
  },
  {
    folder: `${server}/transport`,
    steps: [{ words: [`${server}/transport`] }, { words: ['tests/api/', 'tests/hostile/'] }],
  },
  {
    folder: `${server}/counters/redis`,
    steps: [{ config: services, words: [`${server}/counters`, 'tests/api/outage'] }],
  },
  {
    folder: `${server}/counters/postgres`,
    steps: [{ config: services, words: [`${server}/counters/postgres`] }],
  },
  { folder: `${server}/counters`, steps: [{ words: [`${server}/counters`] }, api, simulation] },
  {
    folder: `${server}/storage/postgres`,
    steps: [
      { config: services, words: [`${server}/storage/postgres/storage.`] },
      { config: services, words: [`${server}/storage/`, `${server}/counters/postgres`] },
    ],
  },
  {
    folder: `${server}/storage/transfer`,
    steps: [
      { words: [`${server}/storage/transfer/`] },
      { config: services, words: [`${server}/storage/transfer/`, 'tests/cli/migrate'] },
    ],
  },
  {
    folder: `${server}/storage`,
    steps: [
      {
        words: ['sqlite/', 'sql/', 'lookups', 'last-used', 'tagged-cache', 'data-folder'].map(
          (name) => `${server}/storage/${name}`,
        ),
      },
      { words: [...api.words, `${server}/operations`, `${server}/jobs`, `${server}/workspace`] },
      simulation,
      // What needs a process of its own, or PostgreSQL.
      { config: 'vitest.config.ts', words: ['tests/crash/', 'tests/cli/'] },
      { config: services, words: [`${server}/storage/sql/`, `${server}/storage/postgres/storage.`] },
    ],
  },
  { folder: 'packages/sdk/src', steps: [{ words: ['packages/sdk/src'] }, { words: ['tests/sdk/'] }] },
];

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    again: { type: 'string' },
    steps: { type: 'string', default: '9' },
  },
});

const stopped = new AbortController();
setMaxListeners(0, stopped.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
const copy = await copyTree('unkey-ts-mutate-');
const limits = new Map<Step, number>();
try {
  await prepare();
  await run();
} finally {
  await rm(copy, { recursive: true, force: true });
}

/** PostgreSQL runs as another user, and must reach the temporary files; those of tests that are ended stay in the copy. */
async function prepare(): Promise<void> {
  await chmod(copy, 0o755);
  await mkdir(join(copy, 'tmp'));
  await chmod(join(copy, 'tmp'), 0o1777);
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], { cwd: copy });
}

async function run(): Promise<void> {
  const accepted: readonly Accepted[] = JSON.parse(await readFile('tools/mutants-accepted.json', 'utf8'));
  const counts: Record<string, number> = {};
  for (const mutant of await chosen()) {
    const outcome: Outcome = accepted.some((entry) => isSame(entry, mutant))
      ? { outcome: 'accepted' }
      : await judge(mutant);
    if (stopped.signal.aborted) break;
    counts[outcome.outcome] = (counts[outcome.outcome] ?? 0) + 1;
    const { file, line, text, change } = mutant;
    console.log(JSON.stringify({ ...outcome, file, line, text, change }));
  }
  const { killed = 0, timeout = 0, survived = 0 } = counts;
  const noticed = killed + timeout;
  console.log(JSON.stringify({ score: Math.round((1000 * noticed) / (noticed + survived)) / 10, ...counts }));
}

/** A sample; or those that survived in an earlier report. */
async function chosen(): Promise<readonly Mutant[]> {
  const all = await allMutants();
  if (flags.again === undefined) return sampleOf(all, Number(flags.count), Number(flags.seed));
  const lines = (await readFile(flags.again, 'utf8')).trim().split('\n');
  const survivors = lines.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome === 'survived');
  return all.filter((mutant) => survivors.some((survivor: Place) => isSame(survivor, mutant)));
}

async function allMutants(): Promise<Mutant[]> {
  const { stdout } = await promisify(execFile)('git', [
    'ls-files',
    ...new Set(suites.map(({ folder }) => folder)),
  ]);
  const files = stdout
    .split('\n')
    .filter((file) => file.endsWith('.ts') && file.startsWith(flags.only))
    .filter((file) => !/\.test\.|\/conformance\/|\/generated\//.test(file));
  const mutants = await Promise.all(files.map(async (file) => mutantsOf(file, await readFile(file, 'utf8'))));
  return mutants.flat();
}

/** `count` of them, always the same for a seed, in the order of the sources. */
function sampleOf(all: readonly Mutant[], count: number, seed: number): Mutant[] {
  const random = randomFrom(seed);
  return all
    .map((mutant, index) => ({ mutant, index, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ mutant }) => mutant);
}

/** A linear congruential generator, of numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function judge(mutant: Mutant): Promise<Outcome> {
  const original = await readFile(join(copy, mutant.file), 'utf8');
  const changed = mutate(original, mutant);
  if (!(await withText(mutant.file, changed, typesHold))) return { outcome: 'not judged' };
  const { steps } = suites.find(({ folder }) => mutant.file.startsWith(`${folder}/`)) ?? { steps: [] };
  for (const step of steps.slice(0, Number(flags.steps))) {
    const limit = await limitOf(step);
    const outcome = await withText(mutant.file, changed, () => runTests(step, limit));
    if (outcome.outcome !== 'survived') return outcome;
  }
  return { outcome: 'survived' };
}

/** Calls back while the file in the copy has this text. */
async function withText<T>(file: string, text: string, callback: (file: string) => Promise<T>): Promise<T> {
  const path = join(copy, file);
  const original = await readFile(path, 'utf8');
  await writeFile(path, text);
  try {
    return await callback(file);
  } finally {
    await writeFile(path, original);
  }
}

/** The time that a step may take, in milliseconds: much more than what it takes without a change. */
async function limitOf(step: Step): Promise<number> {
  const known = limits.get(step);
  if (known !== undefined) return known;
  const start = performance.now();
  const outcome = await runTests(step, 1_800_000);
  if (outcome.outcome !== 'survived' && !stopped.signal.aborted)
    throw new Error(`Without a change, these tests fail: ${JSON.stringify({ ...step, ...outcome })}`);
  const limit = 60_000 + 4 * (performance.now() - start);
  limits.set(step, limit);
  return limit;
}

/** What the compiler refuses needs no test. */
async function typesHold(file: string): Promise<boolean> {
  const [project = ''] = file.split('/src/');
  const args = ['-p', project, '--noEmit', '--noUnusedLocals', 'false', '--noUnusedParameters', 'false'];
  return promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', ...args], {
    cwd: copy,
  }).then(
    () => true,
    () => false,
  );
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Ends at the first test that fails. */
async function runTests(
  { config = 'vitest.mutate.config.ts', words }: Step,
  limitMs: number,
): Promise<Outcome> {
  const report = join(copy, 'report.json');
  await rm(report, { force: true });
  const args = ['-c', config, '--bail=1', '--reporter=json', `--outputFile=${report}`, ...words];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    cwd: copy,
    stdio: 'ignore',
    // A group of its own, which is ended as one.
    detached: true,
    env: {
      ...process.env,
      TMPDIR: join(copy, 'tmp'),
      // An endless loop must not take the memory of the machine.
      NODE_OPTIONS: '--max-old-space-size=2048',
    },
  });
  const exit = once(child, 'exit').then(() => true);
  const isOver = await Promise.race([exit, wait(limitMs)]);
  if (!isOver) {
    child.kill('SIGTERM');
    await Promise.race([exit, setTimeout(15_000)]);
  }
  killGroup(child.pid);
  await exit;
  if (!isOver) return { outcome: 'timeout' };
  return child.exitCode === 0
    ? { outcome: 'survived' }
    : { outcome: 'killed', by: await firstFailure(report) };
}

/** Resolves to false after this time, or when the tool is stopped. */
function wait(ms: number): Promise<boolean> {
  return setTimeout(ms, false, { signal: stopped.signal, ref: false }).catch(() => false);
}

/** Ends what the tests have started and left. */
function killGroup(id: number | undefined): void {
  try {
    if (id !== undefined) process.kill(-id, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

async function firstFailure(report: string): Promise<string> {
  const { testResults }: Report = await readFile(report, 'utf8').then(JSON.parse, () => ({
    testResults: [],
  }));
  for (const { name, status, assertionResults } of testResults) {
    const failed = assertionResults.find((test) => test.status === 'failed');
    if (status === 'failed')
      return [name.slice(copy.length + 1), failed?.fullName].filter(Boolean).join(' > ');
  }
  return 'an error outside the tests';
}
