import { defineConfig } from 'vitest/config';

/** What also has to hold on PostgreSQL. It is started from the installed binaries, for this run only. */
export default defineConfig({
  test: {
    include: ['**/*.postgres.test.ts', 'tests/api/**/*.test.ts', 'tests/simulation/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'build/**', '**/*.redis.test.ts'],
    globalSetup: ['tests/with-postgres.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
