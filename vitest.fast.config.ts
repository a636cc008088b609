import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import { base } from './vitest.base.ts';

/** `npm run test:fast`, before a commit: the unit tests and the scenarios of every operation, which need only Node. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: [
        'packages/*/src/**/*.test.ts',
        'tools/**/*.test.ts',
        'tests/api/{apis,identities,keys,permissions,ratelimit,round-trip}.test.ts',
      ],
      exclude: [
        ...configDefaults.exclude,
        '**/*.{postgres,redis}.test.ts',
        // `npm run check` runs it.
        'tools/tidy.test.ts',
        // It moves whole databases.
        'packages/server/src/storage/transfer/**',
        // They wait for time-outs, and for disk syncs.
        'packages/server/src/transport/**',
        'packages/server/src/storage/sqlite/storage.test.ts',
        'packages/server/src/events/sqlite.test.ts',
        // Its thread runs the last build.
        'packages/server/src/threads/storage-thread.test.ts',
      ],
      // The modules are loaded once for each worker, not once for each of a hundred files.
      isolate: false,
    },
  }),
);
