import { defineConfig } from 'vitest/config';

/** What also has to hold with limits on Redis. It is started from the installed binary, for this run only. */
export default defineConfig({
  test: {
    include: ['**/*.redis.test.ts', 'tests/api/**/*.test.ts', 'tests/simulation/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'build/**', '**/*.postgres.test.ts'],
    globalSetup: ['tests/with-redis.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
