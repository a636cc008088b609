import type { Benchmark } from './benchmark.ts';
import { asked, compare, howCompared } from './compare.ts';
import { withStarted } from './started.ts';
import { prepareWorkload } from './workloads.ts';

export const verifyEvents: Benchmark = {
  name: 'verify-events',
  title: `plain verifications with usage events and without, on SQLite; ${howCompared}`,
  run: (report) =>
    withStarted(async (started) => {
      const without = await started.service({ env: { UNKEY_EVENTS: 'off' } });
      const recording = await started.service();
      await compare(
        'verify',
        {
          'events off': asked(await prepareWorkload('plain', without.call), without),
          'events on': asked(await prepareWorkload('plain', recording.call), recording),
        },
        report,
      );
    }),
};
