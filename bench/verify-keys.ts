import type { Benchmark } from './benchmark.ts';
import { asked, compare, howCompared } from './compare.ts';
import { numberedKeys, serviceWithKeys } from './many-keys.ts';
import { withStarted } from './started.ts';

const [few, many] = [1000, 1_000_000];

export const verifyKeys: Benchmark = {
  name: 'verify-keys',
  title:
    'verifications of 1,000 keys in turns (hot), and of keys that the process has not seen yet (cold), with 1,000 and ' +
    `1,000,000 keys in the SQLite; ${howCompared}`,
  run: (report) =>
    withStarted(async (started) => {
      const small = await serviceWithKeys(started, few);
      const large = await serviceWithKeys(started, many);
      const hot = numberedKeys(0, few);
      const hotOfFew = { 'hot, 1,000 keys': asked(hot, small) };
      await compare('verify', { ...hotOfFew, 'hot, 1,000,000 keys': asked(hot, large) }, report);
      // Created only now: their cache entries slow down the garbage collector.
      const cold = numberedKeys(few, many - few);
      await compare('verify', { ...hotOfFew, 'cold, 1,000,000 keys': asked(cold, large) }, report);
    }),
};
