import { version } from '@unkey-ts/contract';
import type { ThreadedApp } from '@unkey-ts/server';
import type { Command, Invocation } from './command.ts';
import { configFlags, configFlagsOf } from './config-flags.ts';
import { firstKeyText, firstStepsText } from './first-steps.ts';
import { nextStopSignal } from './stop-signal.ts';

export const serveCommand: Command = {
  group: null,
  name: 'serve',
  summary: 'Run the service. The first start creates a root key and prints it.',
  details: [
    'Settings come from flags, then the environment, then unkey.config.json in the current folder.',
    'DATABASE_URL, UNKEY_ROOT_KEY and UNKEY_MASTER_KEY are read from the environment only.',
    'SIGTERM and SIGINT finish running requests and end; a second signal ends at once.',
  ].join('\n'),
  arguments: [],
  flags: configFlags,
  run: serve,
};

async function serve({ args, env, cwd, print }: Invocation): Promise<null> {
  const { createLog, createThreadedApp, loadConfig } = await import('@unkey-ts/server');
  const config = loadConfig({ flags: configFlagsOf(args), env, cwd });
  const log = createLog({ level: config.logLevel });
  const app = await createThreadedApp({ config, log });
  // Before anything else can fail: the key is not shown again.
  const place = config.databaseUrl === undefined ? config.dataDir : 'PostgreSQL';
  if (app.firstStart) print(firstKeyText({ ...app.firstStart, place }));
  const { url } = await listenOrClose(app);
  const stopSignal = nextStopSignal();
  print(`unkey-ts ${version} listens on ${url}, data in ${place}\n`);
  if (app.firstStart) print(firstStepsText({ url, rootKey: app.firstStart.rootKey }));
  log.info({ signal: await stopSignal }, 'stopping: finishing running requests');
  await app.close();
  log.info('stopped');
  return null;
}

async function listenOrClose(app: ThreadedApp): Promise<{ url: string }> {
  try {
    return await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
}
