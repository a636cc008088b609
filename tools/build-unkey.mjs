import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Builds the command `unkey`, with the service in it, from the TypeScript sources into `packages/cli/dist`:
 *
 *     main.js        the entry; it imports the current build
 *     3f2a91c04b7d/  a build, named after its content
 *     build.json     the current build, and the sources it was made from
 *     running/       which build each process uses that `npm start` or `npm run unkey` started
 *
 * A build is never changed. The next one is written to a folder of its own, and `main.js` is then replaced: a process
 * that loads a part of itself later finds the part that it was built with.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'packages/cli/dist');
const recordFile = join(dist, 'build.json');
const runningFolder = join(dist, 'running');
const lockFile = join(dist, 'build.lock');

/** Files besides the modules that decide what a build is. */
const otherInputs = [
  'tools/build-unkey.mjs',
  'tools/bundle-unkey.mjs',
  'packages/cli/package.json',
  // npm writes it when it installs.
  'node_modules/.package-lock.json',
];

const dayMs = 86_400_000;
const lockPollMs = 50;

/** Builds unless the current build has the state of the sources; resolves to its folder. Safe beside other processes. */
export async function ensureBuild() {
  mkdirSync(dist, { recursive: true });
  for (;;) {
    const current = currentBuild();
    if (current !== null) return join(dist, current);
    if (!takeLock()) {
      await sleep(lockPollMs);
      continue;
    }
    try {
      if (currentBuild() === null) await build();
    } finally {
      rmSync(lockFile, { force: true });
    }
  }
}

/** Keeps a build from being removed until this process ends. */
export function holdBuild(folder) {
  const file = join(runningFolder, String(process.pid));
  mkdirSync(runningFolder, { recursive: true });
  writeFileSync(file, relative(dist, folder));
  process.on('exit', () => rmSync(file, { force: true }));
}

/** The name of the current build; null when there is none, or a source has changed since. */
function currentBuild() {
  try {
    const { build, inputs } = JSON.parse(readFileSync(recordFile, 'utf8'));
    const isFresh = Object.entries(inputs).every(([file, mtimeMs]) => mtimeOf(file) === mtimeMs);
    return isFresh && existsSync(join(dist, build)) ? build : null;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** 0 for a file that is not there. */
function mtimeOf(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Whether this process may build now. A lock of a process that has died does not count. */
function takeLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = readIfThere(lockFile);
  if (holder && !isAlive(Number(holder))) rmSync(lockFile, { force: true });
  return false;
}

async function build() {
  const draft = join(dist, `draft-${process.pid}`);
  // Before the sources are read: a change in the meantime makes the build stale.
  const modified = new Map(otherInputs.map((file) => [file, mtimeOf(file)]));
  const startedAt = Date.now();
  try {
    // Loaded only for a build: the bundler takes longer to load than most commands run.
    const { bundleUnkey } = await import('./bundle-unkey.mjs');
    for (const id of await bundleUnkey(draft)) {
      const file = relative(root, id);
      if (!file.startsWith('packages/')) continue;
      const mtimeMs = mtimeOf(file);
      modified.set(file, mtimeMs > startedAt ? 0 : mtimeMs);
    }
    publish(draft, Object.fromEntries(modified));
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  removeOldBuilds();
}

function publish(draft, inputs) {
  const name = contentHash(draft);
  const folder = join(dist, name);
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date());
  else renameSync(draft, folder);
  replaceFile(join(dist, 'main.js'), `#!/usr/bin/env node\nimport './${name}/main.js';\n`);
  replaceFile(recordFile, JSON.stringify({ build: name, inputs }));
}

function contentHash(folder) {
  const hash = createHash('sha256');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${relative(folder, file)}\0`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** By renaming: whoever reads it sees the old one or the new one. */
function replaceFile(file, text) {
  writeFileSync(`${file}.new`, text, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}

/** Builds that nobody uses. Processes started without npm are not known, so a build is kept for a day in any case. */
function removeOldBuilds() {
  const { build: current } = JSON.parse(readFileSync(recordFile, 'utf8'));
  const used = new Set([current, ...runningBuilds()]);
  for (const name of readdirSync(dist)) {
    if (!/^[0-9a-f]{12}$/.test(name) || used.has(name)) continue;
    const age = Date.now() - statSync(join(dist, name)).mtimeMs;
    if (age > dayMs) rmSync(join(dist, name), { recursive: true, force: true });
  }
}

function runningBuilds() {
  if (!existsSync(runningFolder)) return [];
  return readdirSync(runningFolder).flatMap((pid) => {
    const file = join(runningFolder, pid);
    if (isAlive(Number(pid))) return [readIfThere(file)];
    rmSync(file, { force: true });
    return [];
  });
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuild();
