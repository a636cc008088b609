import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { pinned } from './cores.ts';
import type { InProcessPlan, InProcessSpent } from './in-process-work.ts';
import { median, medianRatio } from './rounds.ts';
import { withStarted } from './started.ts';

const workloads = [
  'plain',
  'permissions query',
  'credits',
  'two limits',
  'two limits, credits',
  'unknown key',
  'limit',
  'multiLimit of 10',
] as const;
const rounds = 20;
const calls = 6400;

export const inProcess: Benchmark = {
  name: 'in-process',
  title:
    'requests without a socket, on SQLite, 64 in a turn of the event loop: CPU of the whole process, and how often that ' +
    `goes into a second; medians of ${rounds} rounds of ${calls}`,
  run: (report) =>
    withStarted(async (started) => {
      for (const isRecorded of [true, false]) {
        const folder = await started.folder();
        const plan = { folder, workloads, isRecorded, rounds, calls, heapCalls: 0 };
        const spent = await spentInProcess(isRecorded ? plan : { ...plan, workloads: ['plain'] });
        const baseline = { what: 'reference work', value: median(spent.reference) };
        report({ ...baseline, unit: 'µs' });
        for (const [index, [name, { cpu }]] of Object.entries(spent.workloads).entries()) {
          // Each workload has its own reference, measured in the same process.
          const beside = spent.reference.slice(index * rounds, (index + 1) * rounds);
          const what = isRecorded ? name : `${name}, without usage events`;
          const value = median(cpu);
          report({ what: `${what}, CPU`, value, unit: 'µs', baseline, ratio: medianRatio(cpu, beside) });
          report({ what: `${what}, a second`, value: Math.round(1e6 / value), unit: '' });
        }
      }
    }),
};

const program = fileURLToPath(new URL('in-process-work.js', import.meta.url));
/** A young generation that holds all allocations between two readings of the heap. */
const roomy = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Requests without a socket, in a separate process. */
export async function spentInProcess(plan: InProcessPlan): Promise<InProcessSpent> {
  const flags = plan.heapCalls > 0 ? ['--expose-gc', ...roomy] : ['--expose-gc'];
  const whole: [string, ...string[]] = [process.execPath, ...flags, program, JSON.stringify(plan)];
  const [command, args] = pinned('server', whole);
  const { stdout } = await promisify(execFile)(command, args);
  return JSON.parse(stdout) as InProcessSpent;
}
