import { type App, type AppOptions, createListener, createMemoryApp, type MemoryApp } from '@unkey-ts/server';
import { inProcessFetch } from '../../packages/emulator/src/in-process-fetch.ts';
import type { ServiceForm } from '../service.ts';

/** The service in memory, as the emulator has it, on a port. */
async function openInMemory(options: AppOptions): Promise<App> {
  const { config } = options;
  const app = await createMemoryApp(options);
  const listener = await createListener(app);
  return {
    ...app,
    listen: () => listener.listen(config.host, config.port),
    async close() {
      await listener.drain();
      await app.close();
    },
  };
}

/** What the function above has opened. */
const inMemory = (app: App) => app as App & MemoryApp;

export const overItsPort: ServiceForm = {
  open: openInMemory,
  textOf: async (app) => JSON.stringify([...(await inMemory(app).copy())]),
};

/** With the emulator's own `fetch`. */
export const inProcess: ServiceForm = {
  ...overItsPort,
  fetchOf: (app) => inProcessFetch(() => inMemory(app)),
};
