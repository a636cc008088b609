import { version } from '@unkey-ts/contract';
import type { App, ConfigFlag } from '@unkey-ts/server';
import type { Command, Invocation } from './command.ts';
import { firstKeyText, firstStepsText } from './first-steps.ts';
import type { ParsedArgs } from './parsed-args.ts';
import { nextStopSignal } from './stop-signal.ts';

const serveFlags = {
  host: { kind: 'text', value: 'HOST', description: 'Address to listen on. Default: HOST, then 127.0.0.1.' },
  port: {
    kind: 'text',
    value: 'PORT',
    description: 'Port to listen on; 0 picks a free one. Default: PORT, then 7070.',
  },
  'data-dir': {
    kind: 'text',
    value: 'FOLDER',
    description: 'Data folder. Default: UNKEY_DATA_DIR, then ./data.',
  },
  'log-level': {
    kind: 'text',
    value: 'LEVEL',
    description: 'trace, debug, info, warn, error, fatal or silent. Default: LOG_LEVEL, then info.',
  },
  'trusted-proxies': {
    kind: 'text',
    value: 'CIDR,CIDR',
    description: 'Proxies whose X-Forwarded-For is trusted. Default: UNKEY_TRUSTED_PROXIES, then none.',
  },
} as const satisfies Record<ConfigFlag, Command['flags'][string]>;

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
  flags: serveFlags,
  run: serve,
};

async function serve({ args, env, cwd, print }: Invocation): Promise<null> {
  const { createApp, createLog, loadConfig } = await import('@unkey-ts/server');
  const config = loadConfig({ flags: serveFlagsOf(args), env, cwd });
  const log = createLog({ level: config.logLevel });
  const app = await createApp({ config, log });
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

function serveFlagsOf(args: ParsedArgs): Partial<Record<ConfigFlag, string | undefined>> {
  const names = Object.keys(serveFlags) as ConfigFlag[];
  return Object.fromEntries(names.map((name) => [name, args.text(name)]));
}

async function listenOrClose(app: App): Promise<{ url: string }> {
  try {
    return await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
}
