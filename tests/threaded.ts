import {
  type App,
  type AppOptions,
  createApp,
  createThreadedApp,
  openStorage,
  openVault,
  randomIds,
} from '@unkey-ts/server';

/**
 * The service in two threads. The storage of its `services` is not its own: tests arrange and look at what is stored
 * from outside, like the command line.
 */
export async function createAppInThreads(options: AppOptions): Promise<App> {
  // On PostgreSQL there is one thread.
  if (options.config.databaseUrl !== undefined) return createApp(options);
  const app = await createThreadedApp({ hasJobs: false, ...options });
  const { storage, lookups } = await openStorage(options.config);
  const ids = randomIds();
  const absent = {} as App['services'];
  const services = {
    ...absent,
    storage,
    lookups,
    vault: await openVault(options.config, storage),
    ids,
    clock: options.clock ?? { now: Date.now },
  };
  return {
    ...app,
    services,
    async close() {
      await storage.close();
      await app.close();
    },
  };
}

/** Whether the run tests the service in two threads. */
export const isThreadedRun = process.env.UNKEY_TEST_THREADS === '2';
