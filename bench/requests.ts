import type { Benchmark, Report } from './benchmark.ts';
import { asked, askedBare, bareName, compare, exampleAnswers, howCompared } from './compare.ts';
import { withStarted } from './started.ts';
import { prepareWorkload, type Workload, type WorkloadName } from './workloads.ts';

const kinds: Readonly<Record<string, readonly WorkloadName[]>> = {
  'verify-requests': [
    'plain',
    'permissions query',
    'credits',
    'two limits',
    'two limits, credits',
    'unknown key',
  ],
  limit: ['limit'],
  'multi-limit': ['multiLimit of 10'],
  'create-key': ['createKey'],
  'list-keys': ['listKeys of 100'],
};

/** Kinds of requests to one process on SQLite. */
export const requestBenchmarks: readonly Benchmark[] = Object.entries(kinds).map(([name, workloads]) => ({
  name,
  title: `on SQLite; ${howCompared}`,
  run: (report) => compareWorkloads(workloads, report),
}));

/** Each kind is compared with the bare handler. */
function compareWorkloads(names: readonly WorkloadName[], report: Report): Promise<void> {
  return withStarted(async (started) => {
    const service = await started.service();
    const workloads: Workload[] = [];
    for (const name of names) workloads.push(await prepareWorkload(name, service.call));
    const bare = await started.bareHandler(await exampleAnswers(service, workloads));
    for (const [index, workload] of workloads.entries()) {
      const candidates = { [bareName]: askedBare(bare, index, workload), service: asked(workload, service) };
      await compare(names[index] ?? '', candidates, report);
    }
  });
}
