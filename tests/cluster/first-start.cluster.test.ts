import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { endServers, startServer } from '../cli/server-process.ts';
import { type Parts, startParts } from './cluster.ts';

let parts: Parts;
let folder: string;
afterEach(async () => {
  await endServers();
  await parts.close();
  await rm(folder, { recursive: true, force: true });
});

test('ten processes that start together on an empty database create one schema, one workspace and one root key', async () => {
  parts = await startParts();
  folder = await mkdtemp(join(tmpdir(), 'unkey-ts-first-'));
  const { UNKEY_ROOT_KEY: _, ...env } = parts.env;
  const servers = await Promise.all(
    Array.from({ length: 10 }, (_, number) => startServer({ dataDir: join(folder, String(number)), env })),
  );
  const rootKeys = servers.map((server) => server.rootKey()).filter((key) => key !== '');
  expect(rootKeys).toHaveLength(1);
  const [rootKey] = rootKeys;

  const made = await servers[0]?.call('apis.createApi', { name: 'first' }, rootKey);
  expect(made?.status).toBe(200);
  for (const server of servers) {
    const { apiId } = made?.body.data ?? {};
    expect((await server.call('apis.getApi', { apiId }, rootKey)).body.data).toEqual({
      id: apiId,
      name: 'first',
    });
  }

  const client = new pg.Client({ connectionString: parts.databaseUrl });
  await client.connect();
  try {
    for (const table of ['schema_version', 'workspaces', 'root_keys']) {
      const { rows } = await client.query(`SELECT count(*)::int AS rows FROM ${table}`);
      expect(rows, table).toEqual([{ rows: 1 }]);
    }
  } finally {
    await client.end();
  }
});
