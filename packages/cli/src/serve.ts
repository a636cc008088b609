import { fileURLToPath } from 'node:url';
import { version } from '@unkey-ts/contract';
import type { ThreadedApp } from '@unkey-ts/server';
import type { Command, Invocation } from './command.ts';
import { configFlags, configFlagsOf } from './config-flags.ts';
import { type FirstKey, firstKeyText, firstStepsText } from './first-steps.ts';
import { nextStopSignal } from './stop-signal.ts';

export const serveCommand: Command = {
  group: null,
  name: 'serve',
  summary: 'Run the service. The first start creates a root key.',
  details: [
    'The root key is shown once on a terminal; otherwise it is in a file, root.key in the data folder.',
    'Settings come from flags, then the environment, then unkey.config.json in the current folder.',
    'DATABASE_URL, UNKEY_ROOT_KEY and UNKEY_MASTER_KEY are read from the environment only.',
    'SIGTERM and SIGINT finish running requests and end; a second signal ends at once.',
  ].join('\n'),
  arguments: [],
  flags: configFlags,
  run: serve,
};

/** The page that shows the OpenAPI document. The bundler puts its files beside the bundle. */
const referenceFolder = fileURLToPath(new URL('reference', import.meta.url));

async function serve({ args, env, cwd, print, isOutputTerminal }: Invocation): Promise<null> {
  const { createLog, createThreadedApp, loadConfig, saveRootKey, staticFiles } = await import(
    '@unkey-ts/server'
  );
  const config = loadConfig({ flags: configFlagsOf(args), env, cwd });
  const log = createLog({ level: config.logLevel });
  const endpoints = staticFiles({ path: '/reference/', folder: referenceFolder });
  const app = await createThreadedApp({ config, log, endpoints });
  const place = config.databaseUrl === undefined ? config.dataDir : 'PostgreSQL';
  // Before anything else can fail: nothing else has the key.
  const save = (key: SavedKey) => saveRootKey(config.dataDir, key);
  const firstKey = app.firstStart && placeOf(app.firstStart, isOutputTerminal ? null : save);
  if (firstKey) print(firstKeyText({ firstKey, place }));
  const { url } = await listenOrClose(app);
  const stopSignal = nextStopSignal();
  print(`unkey-ts ${version} listens on ${url}, data in ${place}\n`);
  if (firstKey) print(firstStepsText({ url, firstKey }));
  log.info({ signal: await stopSignal }, 'stopping: finishing running requests');
  await app.close();
  log.info('stopped');
  return null;
}

interface SavedKey {
  readonly id: string;
  readonly key: string;
}

/** Output that is no terminal often ends in a log that others read: `save` writes the key to a file, whose path it returns. */
function placeOf(
  { rootKey, rootKeyId }: NonNullable<ThreadedApp['firstStart']>,
  save: ((key: SavedKey) => string) | null,
): FirstKey {
  if (rootKey === null) return { in: 'environment' };
  if (save === null) return { in: 'output', rootKey };
  try {
    return { in: 'file', path: save({ id: rootKeyId, key: rootKey }) };
  } catch (error) {
    return { in: 'nowhere', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function listenOrClose(app: ThreadedApp): Promise<{ url: string }> {
  try {
    return await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
}
