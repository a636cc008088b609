import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Benchmark, Report } from './benchmark.ts';
import { packedClient } from './packages.ts';
import { interleave, median, medianRatio } from './rounds.ts';

const rounds = 21;

const load = {
  empty: `await import('data:text/javascript,')`,
  ours: `await import('unkey-ts')`,
  theirs: `await import('@unkey/api')`,
  oursRequired: `require('unkey-ts')`,
  theirsRequired: `require('@unkey/api')`,
} as const;

export const clientImport: Benchmark = {
  name: 'client-import',
  title: `milliseconds until the package is loaded, in a fresh Node process each; median of ${rounds}`,
  async run(report: Report) {
    const times = await interleave(
      {
        empty: () => millisecondsOf(load.empty),
        ours: () => millisecondsOf(load.ours),
        theirs: () => millisecondsOf(load.theirs),
        oursRequired: () => millisecondsOf(load.oursRequired),
        theirsRequired: () => millisecondsOf(load.theirsRequired),
      },
      rounds,
    );
    report({ what: 'an empty module', value: median(times.empty), unit: 'ms' });
    const compare = (kind: string, ours: readonly number[], theirs: readonly number[]) => {
      const baseline = { what: `@unkey/api, ${kind}`, value: median(theirs) };
      report({ ...baseline, unit: 'ms' });
      const ratio = medianRatio(ours, theirs);
      report({ what: `unkey-ts, ${kind}`, value: median(ours), unit: 'ms', baseline, ratio });
    };
    compare('import', times.ours, times.theirs);
    compare('require', times.oursRequired, times.theirsRequired);
  },
};

/** Duration of a statement that is the first one of a process. */
async function millisecondsOf(statement: string): Promise<number> {
  const program = `
    const startedAt = performance.now();
    ${statement};
    process.stdout.write(String(performance.now() - startedAt));`;
  const type = statement.startsWith('await') ? 'module' : 'commonjs';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`--input-type=${type}`, '--eval', program],
    // The package resolves itself by name, and the other package in a parent folder.
    { cwd: packedClient },
  );
  return Number(stdout);
}
