import { version } from '@unkey-ts/contract';
import type { App, ConfigFlag } from '@unkey-ts/server';
import type { Command, Invocation } from './command.ts';
import { firstKeyText, firstStepsText } from './first-steps.ts';
import type { Given } from './given.ts';
import { nextStopSignal } from './stop-signal.ts';

const serveFlags = {
  host: { kind: 'text', value: 'HOST', description: 'Where to listen. Default: HOST, then 127.0.0.1.' },
  port: {
    kind: 'text',
    value: 'PORT',
    description: 'Default: PORT, then 7070. 0 takes any free port.',
  },
  'data-dir': {
    kind: 'text',
    value: 'FOLDER',
    description: 'Where data is kept. Default: UNKEY_DATA_DIR, then ./data.',
  },
  'log-level': {
    kind: 'text',
    value: 'LEVEL',
    description: 'trace, debug, info, warn, error, fatal or silent. Default: LOG_LEVEL, then info.',
  },
  'trusted-proxies': {
    kind: 'text',
    value: 'CIDR,CIDR',
    description: 'Whose X-Forwarded-For counts. Default: UNKEY_TRUSTED_PROXIES, then nobody.',
  },
} as const satisfies Record<ConfigFlag, Command['flags'][string]>;

export const serveCommand: Command = {
  group: null,
  name: 'serve',
  summary: 'Run the service. The first start makes a root key and prints it.',
  details: [
    'Also read, after the flags: the environment, then unkey.config.json in the current folder.',
    'DATABASE_URL, UNKEY_ROOT_KEY and UNKEY_MASTER_KEY are taken from the environment only.',
    'SIGTERM and SIGINT answer what has arrived and end; a second one ends at once.',
  ].join('\n'),
  arguments: [],
  flags: serveFlags,
  run: serve,
};

async function serve({ given, env, cwd, print }: Invocation): Promise<null> {
  const { createApp, createLog, loadConfig } = await import('@unkey-ts/server');
  const config = loadConfig({ flags: serveFlagsOf(given), env, cwd });
  const log = createLog({ level: config.logLevel });
  const app = await createApp({ config, log });
  // Before anything else can fail: nobody will ever see this key again.
  const place = config.databaseUrl === undefined ? config.dataDir : 'PostgreSQL';
  if (app.firstStart) print(firstKeyText({ ...app.firstStart, place }));
  const { url } = await listenOrClose(app);
  const stopSignal = nextStopSignal();
  print(`unkey-ts ${version} listens on ${url}, data in ${place}\n`);
  if (app.firstStart) print(firstStepsText({ url, rootKey: app.firstStart.rootKey }));
  log.info({ signal: await stopSignal }, 'stopping: answering what has arrived');
  await app.close();
  log.info('stopped');
  return null;
}

function serveFlagsOf(given: Given): Partial<Record<ConfigFlag, string | undefined>> {
  const names = Object.keys(serveFlags) as ConfigFlag[];
  return Object.fromEntries(names.map((name) => [name, given.text(name)]));
}

async function listenOrClose(app: App): Promise<{ url: string }> {
  try {
    return await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
}
