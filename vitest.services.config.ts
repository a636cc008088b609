import { configDefaults, defineConfig } from 'vitest/config';

/**
 * What also has to hold on PostgreSQL with limits on Redis: what is about them, and everything that goes through the
 * API. Both are started from the installed binaries, for this run only.
 */
export default defineConfig({
  test: {
    include: [
      '**/*.{postgres,redis}.test.ts',
      'tests/api/**/*.test.ts',
      'tests/clients/**/*.test.ts',
      'tests/simulation/**/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, '**/dist/**', 'build/**'],
    globalSetup: ['tests/with-postgres.ts', 'tests/with-redis.ts'],
    // By default one core is left idle, which is half of a machine with two.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
