import type { Benchmark } from './benchmark.ts';
import { type Job, type Load, startLoad } from './load.ts';
import { type MeasuredService, rootKey } from './measured-process.ts';
import { probeOf, probesPerSecond } from './probe.ts';
import { median } from './rounds.ts';
import { withStarted } from './started.ts';
import { newApi, prepareWorkload } from './workloads.ts';

const rounds = 5;
const secondsOfRound = 2;

/** What runs beside the probe, from several connections at once. */
type Beside = Pick<Job, 'path' | 'bodies' | 'expected' | 'connections' | 'requests'>;

export const meanwhile: Benchmark = {
  name: 'meanwhile',
  title:
    `on SQLite, ${probesPerSecond} plain verifications a second while something else runs at full load; ` +
    `medians of ${rounds} rounds of ${secondsOfRound} s`,
  run: (report) =>
    withStarted(async (started) => {
      const service = await started.service();
      const [probes, others] = [startLoad(), startLoad()];
      started.onStop(probes.stop);
      started.onStop(others.stop);
      const probe = await probeOf(service, secondsOfRound);
      const idle = await probed({ probes, probe }, async () => {});
      const baseline = { what: 'idle', value: idle };
      report({ what: 'nothing, p99', value: idle, unit: 'ms' });
      for (const [name, beside] of Object.entries(await besides(service))) {
        const job = { url: service.url, rootKey, perSecond: null, ...beside };
        const value = await probed({ probes, probe }, async () => void (await others.run(job)));
        report({ what: `${name}, p99`, value, unit: 'ms', baseline });
      }
    }),
};

/** The median of the 99th percentiles of the probe, which runs while `work` does. */
async function probed(
  { probes, probe }: { readonly probes: Load; readonly probe: Job },
  work: () => Promise<void>,
): Promise<number> {
  const seen: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [{ p99 }] = await Promise.all([probes.run(probe), work()]);
    seen.push(p99);
  }
  return median(seen);
}

async function besides({ call }: MeasuredService): Promise<Record<string, Beside>> {
  const apiId = await newApi(call);
  const spend = await prepareWorkload('credits', call);
  const create = { path: '/v2/keys.createKey', bodies: [JSON.stringify({ apiId })], expected: '"keyId"' };
  return {
    '1 client that creates keys': { ...create, connections: 1, requests: 500 },
    '16 clients that create keys': { ...create, connections: 16, requests: 2000 },
    '8 clients that list keys': {
      path: '/v2/apis.listKeys',
      bodies: [JSON.stringify({ apiId, limit: 100 })],
      expected: '"keyId"',
      connections: 8,
      requests: 800,
    },
    '16 clients that spend credits': {
      path: '/v2/keys.verifyKey',
      bodies: spend.bodies,
      expected: spend.expected,
      connections: 16,
      requests: 20_000,
    },
  };
}
