import { defineConfig, mergeConfig } from 'vitest/config';
import everything from './vitest.config.ts';

/** `npm run test:fast`, before a commit: the unit tests and the scenarios of every operation. */
export default mergeConfig(
  everything,
  defineConfig({
    test: {
      // Long: seeded sequences, many rows, a whole database moved, concurrent load.
      exclude: [
        'tests/{bun,cli,clients,cluster,crash,sdk,simulation}/**',
        'tests/api/{accuracy,at-once,clean-up,contention,events,properties}.test.ts',
        'examples/**',
        'packages/server/src/storage/transfer/**',
      ],
      // The modules are loaded once for each worker, not once for each of eighty files.
      isolate: false,
    },
  }),
);
