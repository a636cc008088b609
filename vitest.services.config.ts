import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import { base } from './vitest.base.ts';

/**
 * What also has to hold on PostgreSQL with limits on Redis: what is about them, and everything that goes through the
 * API. Both are started from the installed binaries, for this run only.
 */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: [
        '**/*.{postgres,redis}.test.ts',
        'tests/api/**/*.test.ts',
        'tests/clients/**/*.test.ts',
        'tests/simulation/**/*.test.ts',
      ],
      exclude: [...configDefaults.exclude, '**/dist/**', 'build/**'],
      globalSetup: ['tests/with-postgres.ts', 'tests/with-redis.ts'],
    },
  }),
);
