import config from './vitest.config.ts';

/**
 * For `npm run mutate`, which starts a run for each change: nothing is built, modules are loaded once for each worker and
 * transformed once for all runs, and a test that waits in vain fails soon.
 */
export default {
  ...config,
  test: {
    ...config.test,
    globalSetup: [],
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 5_000,
    experimental: { fsModuleCache: true },
  },
};
