import type { Benchmark, Report } from './benchmark.ts';
import { bareName, connections, exampleAnswers } from './compare.ts';
import { startLoad } from './load.ts';
import { rootKey } from './measured-process.ts';
import { interleave, median } from './rounds.ts';
import { withStarted } from './started.ts';
import { prepareWorkload, type Workload } from './workloads.ts';
import { maximumLoad } from './wrk.ts';

const workloadNames = ['plain', 'two limits, credits', 'limit'] as const;
const rounds = 9;
const secondsOfRound = 1;
const percentiles = ['p50', 'p99', 'p999'] as const;
const shown = { p50: 'p50', p99: 'p99', p999: 'p99.9' } as const;

export const latency: Benchmark = {
  name: 'latency',
  title:
    'on SQLite, at half of the rate that wrk reaches: requests are due at a steady rate, and wait for no other ' +
    `answer; from due to answered; medians of ${rounds} rounds of ${secondsOfRound} s`,
  run: (report) =>
    withStarted(async (started) => {
      const service = await started.service();
      const workloads: Workload[] = [];
      for (const name of workloadNames) workloads.push(await prepareWorkload(name, service.call));
      const bare = await started.bareHandler(await exampleAnswers(service, workloads));
      const load = startLoad();
      started.onStop(load.stop);
      for (const [index, { operation, bodies, expected }] of workloads.entries()) {
        const ofService = { url: service.url, path: `/v2/${operation}` };
        const ofBare = { url: bare.url, path: `/${index}` };
        const request = { rootKey, bodies, connections };
        const wrk = { ...ofService, urls: [service.url], ...request, from: 0, seconds: 2 };
        await maximumLoad(wrk);
        const perSecond = Math.round((await maximumLoad(wrk)).perSecond / 2);
        const steady = { ...request, expected, perSecond, requests: perSecond * secondsOfRound };
        const latencies = await interleave(
          {
            [bareName]: () => load.run({ ...ofBare, ...steady }),
            service: () => load.run({ ...ofService, ...steady }),
          },
          rounds,
        );
        const name = workloadNames[index] ?? '';
        report({ what: `${name}, requests a second`, value: perSecond, unit: '' });
        for (const percentile of percentiles) {
          const of = (who: keyof typeof latencies) => median(latencies[who].map((seen) => seen[percentile]));
          sayBoth(`${name}, ${shown[percentile]}`, { bare: of(bareName), service: of('service') }, report);
        }
      }
    }),
};

function sayBoth(
  what: string,
  { bare, service }: { readonly bare: number; readonly service: number },
  report: Report,
): void {
  const baseline = { what: bareName, value: bare };
  report({ what: `${what}, ${bareName}`, value: bare, unit: 'ms' });
  report({ what: `${what}, service`, value: service, unit: 'ms', baseline });
  report({ what: `${what}, above the ${bareName}`, value: service - bare, unit: 'ms' });
}
