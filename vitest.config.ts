import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import { base } from './vitest.base.ts';

/** Tests that need more than Node run when a variable is set: `*.redis.test.ts` with `UNKEY_TEST_REDIS`, and so on. */
const variables = {
  redis: 'UNKEY_TEST_REDIS',
  postgres: 'UNKEY_TEST_DATABASE_URL',
  cluster: 'UNKEY_TEST_CLUSTER',
  // The path of Bun, which then also runs `unkey` in the tests of the command line.
  bun: 'UNKEY_TEST_BUN',
};
const absent = Object.entries(variables)
  .filter(([, variable]) => (process.env[variable] ?? '') === '')
  .map(([need]) => `**/*.${need}.test.ts`);

export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: [
        'packages/*/src/**/*.test.ts',
        'tools/**/*.test.ts',
        'tests/**/*.test.ts',
        'examples/**/*.test.ts',
      ],
      // Those in examples/testing run where the packages are installed.
      exclude: [...configDefaults.exclude, ...absent, 'examples/testing/**'],
    },
  }),
);
