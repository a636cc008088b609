import type { Benchmark } from './benchmark.ts';
import { asked, type Candidate, compare, howCompared } from './compare.ts';
import { withStarted } from './started.ts';
import { limits, verify } from './workloads.ts';

const counts = [0, 1, 2, 5, 10] as const;

export const verifyLimits: Benchmark = {
  name: 'verify-limits',
  title: `verifications of keys with more and more limits, on SQLite; ${howCompared}`,
  run: (report) =>
    withStarted(async (started) => {
      const service = await started.service();
      const candidates: Record<string, Candidate> = {};
      for (const count of counts) {
        const ratelimits = { ratelimits: limits(count) };
        const workload = await verify(service.call, count === 0 ? {} : ratelimits);
        candidates[`${count} limits`] = asked(workload, service);
      }
      await compare('verify', candidates, report);
    }),
};
