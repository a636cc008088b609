import type { Benchmark } from './benchmark.ts';
import { type Load, startLoad } from './load.ts';
import { numberedKeys, serviceWithKeys } from './many-keys.ts';
import { type MeasuredService, rootKey } from './measured-process.ts';
import { withStarted } from './started.ts';

const keyCount = 1_000_000;

export const memory: Benchmark = {
  name: 'memory',
  title: 'memory of a process on SQLite that remembers more and more keys, and what it makes requests wait',
  run: (report) =>
    withStarted(async (started) => {
      const service = await serviceWithKeys(started, keyCount, { UNKEY_KEY_CACHE_SIZE: String(keyCount) });
      const load = startLoad();
      started.onStop(load.stop);

      const atRest = await service.usage('memory');
      await verifyOnce(load, service, { first: 0, count: 1, requests: 10_000 });
      const warm = await service.usage('memory');
      await service.usage('pauses');
      await verifyOnce(load, service, { first: 1, count: 9_999, requests: 9_999 });
      const some = await service.usage('memory');
      await service.usage('pauses');
      await verifyOnce(load, service, {
        first: 10_000,
        count: keyCount - 10_000,
        requests: keyCount - 10_000,
      });
      const { longestPauseMs } = await service.usage('pauses');
      const full = await service.usage('memory');

      const megabytes = (bytes: number) => bytes / 1_000_000;
      const baseline = { what: 'at rest', value: megabytes(atRest.residentBytes) };
      report({ what: 'resident, at rest', value: baseline.value, unit: 'MB' });
      for (const [what, { residentBytes }] of [
        ['resident, 10,000 verifications of one key', warm] as const,
        ['resident, 10,000 keys cached', some] as const,
        ['resident, 1,000,000 keys cached', full] as const,
      ]) {
        report({ what, value: megabytes(residentBytes), unit: 'MB', baseline });
      }
      const heapOfKey = (full.heapBytes - warm.heapBytes) / (keyCount - 1);
      report({ what: 'heap of one cached key', value: Math.round(heapOfKey), unit: 'B' });
      report({ what: 'longest pause of the collector meanwhile', value: longestPauseMs, unit: 'ms' });
    }),
};

async function verifyOnce(
  load: Load,
  { url }: MeasuredService,
  { first, count, requests }: { readonly first: number; readonly count: number; readonly requests: number },
): Promise<void> {
  const { operation, bodies, expected } = numberedKeys(first, count);
  const path = `/v2/${operation}`;
  await load.run({ url, path, rootKey, bodies, requests, connections: 32, expected, perSecond: null });
}
