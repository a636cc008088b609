import type { Benchmark } from './benchmark.ts';
import { startLoad } from './load.ts';
import { newFolder, rootKey, startService } from './measured-process.ts';
import { newApi, newKeys } from './workloads.ts';

const keyCount = 10_000;

export const serviceMemory: Benchmark = {
  name: 'service-memory',
  title: 'memory of a process on SQLite: at rest, after verifications of one key, and of 10,000 keys',
  async run(report) {
    const folder = await newFolder();
    const load = startLoad();
    const stops: (() => Promise<void>)[] = [];
    const start = async () => {
      const service = await startService(folder.path);
      stops.push(service.stop);
      return service;
    };
    try {
      const maker = await start();
      const keys = await newKeys(maker, { apiId: await newApi(maker) }, keyCount);
      await maker.stop();

      const service = await start();
      const verify = (wanted: readonly string[]) =>
        load.run({
          urls: [service.url],
          path: '/v2/keys.verifyKey',
          rootKey,
          bodies: wanted.map((key) => JSON.stringify({ key })),
          requests: keyCount,
          atOnce: 32,
          expected: '"code":"VALID"',
        });
      const atRest = await service.usage('memory');
      await verify(keys.slice(0, 1));
      const warm = await service.usage('memory');
      await verify(keys);
      const full = await service.usage('memory');

      const megabytes = (bytes: number) => bytes / 1_000_000;
      const baseline = { what: 'at rest', value: megabytes(atRest.residentBytes) };
      report({ what: 'resident, at rest', value: baseline.value, unit: 'MB' });
      for (const [what, { residentBytes }] of [
        ['resident, 10,000 verifications of one key', warm] as const,
        ['resident, then 10,000 keys once each', full] as const,
      ]) {
        report({ what, value: megabytes(residentBytes), unit: 'MB', baseline });
      }
      const heapOfKey = Math.round((full.heapBytes - warm.heapBytes) / (keyCount - 1));
      report({ what: 'heap of one key that is remembered', value: heapOfKey, unit: 'B' });
    } finally {
      load.stop();
      for (const stop of stops) await stop();
      await folder.remove();
    }
  },
};
