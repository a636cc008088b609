import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TransferPlace } from '@unkey-ts/server';
import type { Command, Invocation, Output } from './command.ts';
import { UsageError } from './command-errors.ts';
import { progressDisplay } from './progress-display.ts';

type Server = typeof import('@unkey-ts/server');

const place = 'FOLDER|URL';

export const migrateDataCommand: Command = {
  group: null,
  name: 'migrate-data',
  summary: 'Move all data between a data folder and a PostgreSQL database.',
  details: [
    'Stop all servers on both first. All rows are copied, then compared; the source is not changed.',
    'After an interruption, the same command continues. Otherwise the target must be empty.',
    'Usage events are not moved. A password in a URL shows in the list of processes; one in PGPASSWORD does not.',
  ].join('\n'),
  arguments: [],
  flags: {
    from: { kind: 'text', value: place, description: 'The source: a data folder, or postgres://…' },
    to: {
      kind: 'text',
      value: place,
      description: 'The target: a data folder, or postgres://…. Default: DATABASE_URL.',
    },
  },
  run: migrateData,
};

async function migrateData({ args, env, cwd, ...terminal }: Invocation): Promise<Output> {
  const server = await import('@unkey-ts/server');
  const parsePlace = (name: string, text: string) => placeOf(server, name, text, cwd);
  const from = parsePlace('--from', args.required('from'));
  const to =
    args.text('to') === undefined && env.DATABASE_URL !== undefined
      ? parsePlace('DATABASE_URL', env.DATABASE_URL)
      : parsePlace('--to', args.required('to'));
  if (JSON.stringify(addressOf(from)) === JSON.stringify(addressOf(to))) {
    throw new UsageError('--from and --to are the same place.');
  }
  const display = progressDisplay(terminal);
  try {
    const report = await server.migrateData({
      ...{ from, to },
      now: () => server.systemClock.now(),
      onStep: args.isOn('json') ? () => {} : display.show,
    });
    const earlier = report.resumedRows === 0 ? '' : `, ${report.resumedRows} of them by an earlier run`;
    const moved = `${report.rows} rows in ${Object.keys(report.tables).length} tables${earlier}`;
    return {
      json: report,
      text: [`Moved and compared: ${moved}.`, ...nextSteps(server, from, to)].join('\n'),
    };
  } finally {
    display.end();
  }
}

function addressOf(where: TransferPlace): string {
  return 'url' in where ? where.url : where.dataDir;
}

/** A URL is never shown: it may hold a password. */
function placeOf(server: Server, name: string, text: string, cwd: string): TransferPlace {
  if (!text.includes('://')) return { dataDir: resolve(cwd, text) };
  try {
    return { url: server.parseDatabaseUrl(text), name };
  } catch (error) {
    if (error instanceof server.ConnectionUrlError) throw new UsageError(`${name} ${error.message}`);
    throw error;
  }
}

function nextSteps(server: Server, from: TransferPlace, to: TransferPlace): string[] {
  const keyFile = 'dataDir' in from ? server.masterKeyFileOf(from.dataDir) : '';
  const start = 'dataDir' in to ? `--data-dir ${to.dataDir}` : 'DATABASE_URL';
  if (!existsSync(keyFile)) {
    return [`Now start the server with ${start} and the same UNKEY_MASTER_KEY as before.`];
  }
  if ('dataDir' in to) {
    return [`Now copy ${keyFile} into ${to.dataDir}, and start the server with ${start}.`];
  }
  return [
    `Now start the servers with ${start} and with the master key of ${keyFile}, all with the same one:`,
    '',
    `  export UNKEY_MASTER_KEY="$(paste -sd, ${quoted(keyFile)})"`,
    '',
    'Keep the old folder and that file until the servers have run for a while.',
  ];
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
