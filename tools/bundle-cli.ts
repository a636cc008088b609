import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputChunk, type RolldownOutput, rolldown } from 'rolldown';

/**
 * Makes `packages/cli/dist`, which is what runs and what is published, of what the compiler has written for the three
 * packages. Run at the root, after `tsc -b`: `npm run build` does both.
 *
 * A start reads six files instead of nearly a thousand, which takes a third of the time. What only some
 * need (PostgreSQL, Redis, YAML, moving data) stays in files of its own, loaded by who needs it. Dependencies of the
 * package are left outside.
 */

const packageFolder = 'packages/cli';
const target = join(packageFolder, 'dist');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const outside = Object.keys(readManifest(packageFolder).dependencies ?? {});

rmSync(target, { recursive: true, force: true });
const program = await bundle('build/cli/main.js');
// A thread of its own: what it shares with the program is small, and its start waits for one file only.
const eventWriter = await bundle('packages/server/dist/events/sqlite-worker.js');
writeLicenses([program, eventWriter]);

async function bundle(entry: string): Promise<RolldownOutput> {
  await using build = await rolldown({
    input: entry,
    external: outside,
    platform: 'node',
    // It is JavaScript already.
    tsconfig: false,
  });
  return await build.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    comments: { jsdoc: false },
  });
}

/** The licenses of what was copied into the bundle ask to be copied with it. */
function writeLicenses(outputs: readonly RolldownOutput[]): void {
  const modules = outputs
    .flatMap(({ output }) => output)
    .filter((part): part is OutputChunk => part.type === 'chunk')
    .flatMap(({ moduleIds }) => moduleIds);
  const folders = new Set(modules.flatMap((id) => id.match(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []));
  const notices = [...folders].sort().map((folder) => {
    const { name, version, license } = readManifest(folder);
    const file = readdirSync(folder).find((candidate) => /^licen[cs]e/i.test(candidate));
    if (file === undefined) throw new Error(`${name} is bundled and has no license file to go with it.`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  writeFileSync(join(target, 'third-party-licenses.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
