import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Unkey as TheirUnkey } from '@unkey/api';
import { operations } from '@unkey-ts/contract';
import type { Benchmark, Report } from './benchmark.ts';
import { compiler, packedClient } from './packages.ts';
import { interleave, median } from './rounds.ts';

const rounds = 11;

export const clientTypes: Benchmark = {
  name: 'client-types',
  title: `milliseconds to type-check a file that calls all operations of @unkey/api; median of ${rounds}`,
  async run(report) {
    const folder = await mkdtemp(`${packedClient}/types-`);
    try {
      const files = {
        empty: `${folder}/empty.mts`,
        ours: `${folder}/ours.mts`,
        theirs: `${folder}/theirs.mts`,
      };
      await writeFile(files.empty, 'export {};\n');
      await writeFile(files.ours, programFor('unkey-ts'));
      await writeFile(files.theirs, programFor('@unkey/api'));
      for (const skipLibCheck of ['true', 'false'] as const) await compare(files, skipLibCheck, report);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** One program for both clients: it calls operations that both have and reads each response. */
function programFor(library: string): string {
  const theirs = new TheirUnkey({ rootKey: 'none' }) as unknown as Record<string, Record<string, unknown>>;
  const calls = Object.values(operations).flatMap(({ id, isPaged, example }) => {
    const [resource = '', method = ''] = id.split('.');
    if (typeof theirs[resource]?.[method] !== 'function') return [];
    const answer = `await unkey.${id}(${JSON.stringify(example.request)})`;
    return [isPaged ? `(${answer}).result.data.length;` : `(${answer}).meta.requestId;`];
  });
  return [
    `import { Unkey } from '${library}';`,
    'const unkey = new Unkey({ rootKey: "none" });',
    ...calls,
    '',
  ].join('\n');
}

async function compare(
  files: { readonly empty: string; readonly ours: string; readonly theirs: string },
  skipLibCheck: 'true' | 'false',
  report: Report,
): Promise<void> {
  const times = await interleave(
    {
      empty: () => millisecondsOf(files.empty, skipLibCheck),
      ours: () => millisecondsOf(files.ours, skipLibCheck),
      theirs: () => millisecondsOf(files.theirs, skipLibCheck),
    },
    rounds,
  );
  const how = `skipLibCheck ${skipLibCheck}`;
  // In rounds, so that a disturbance affects both of a pair.
  const above = (values: readonly number[]) =>
    Math.max(0, median(values.map((value, round) => value - (times.empty[round] ?? Number.NaN))));
  report({ what: `an empty file, ${how}`, value: median(times.empty), unit: 'ms' });
  const baseline = { what: '@unkey/api above it', value: above(times.theirs) };
  report({ ...baseline, unit: 'ms' });
  report({ what: 'unkey-ts above it', value: above(times.ours), unit: 'ms', baseline });
}

/** The time that the compiler reports, without the start of its process. */
async function millisecondsOf(file: string, skipLibCheck: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    compiler,
    ...['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--module', 'nodenext'],
    ...['--skipLibCheck', skipLibCheck, '--extendedDiagnostics', '--ignoreConfig', file],
  ]);
  const seconds = /Total time:\s*([\d.]+)s/.exec(stdout)?.[1];
  return Number(seconds) * 1000;
}
