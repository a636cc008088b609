import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that need more than Node run when this variable is set: `*.redis.test.ts`, `*.postgres.test.ts`. */
const variables = { redis: 'UNKEY_TEST_REDIS', postgres: 'UNKEY_TEST_DATABASE_URL' };
const absent = Object.entries(variables)
  .filter(([, variable]) => (process.env[variable] ?? '') === '')
  .map(([need]) => `**/*.${need}.test.ts`);

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'tools/**/*.test.ts',
      'tests/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, ...absent],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
