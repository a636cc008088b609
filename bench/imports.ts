import { randomBytes } from 'node:crypto';
import { loadConfig, openStorage } from '@unkey-ts/server';
import type { Benchmark, Report } from './benchmark.ts';
import { type MeasuredService, serviceEnv } from './measured-process.ts';
import { type Started, withStarted } from './started.ts';
import { newApi } from './workloads.ts';

const keysOfCall = 1000;
const keysOfRate = 10_000;
const keysBetween = 80_000;
export const migrationId = 'mig_bench';

type NewItem = (number: number) => object;

const newHash = () => randomBytes(32).toString('hex');

const kinds: Readonly<Record<string, NewItem>> = {
  'plain keys': (number) => ({ hash: newHash(), name: `Key ${number}` }),
  'keys with relations': (number) => ({
    hash: newHash(),
    externalId: `user_${number}`,
    roles: ['member'],
    permissions: ['documents.read', 'documents.write'],
    credits: { remaining: 1000 },
    ratelimits: [{ name: 'requests', limit: 100, duration: 60_000, autoApply: true }],
  }),
};

export const imports: Benchmark = {
  name: 'imports',
  title: `keys that migrateKeys stores, a second, ${keysOfCall} a call, one call after the other; on SQLite`,
  run: async (report) => {
    for (const [name, newItem] of Object.entries(kinds)) {
      await withStarted((started) => measure(started, { name, newItem, report }));
    }
  },
};

async function measure(
  started: Started,
  { name, newItem, report }: { name: string; newItem: NewItem; report: Report },
): Promise<void> {
  const folder = await started.folder();
  await (await started.service({ folder })).stop();
  await createMigration(folder);
  const service = await started.service({ folder });
  const apiId = await newApi(service.call);
  const store = (count: number) => storeKeys(service, { apiId, newItem, count });
  // Compiles what the first call needs.
  await store(keysOfCall);
  const value = Math.round(await store(keysOfRate));
  const baseline = { what: 'the first keys', value };
  report({ what: `${name}, the first ${keysOfRate}`, value, unit: '' });
  await store(keysBetween);
  const later = Math.round(await store(keysOfRate));
  report({ what: `${name}, behind ${keysOfRate + keysBetween}`, value: later, unit: '', baseline });
}

/** Keys per second. */
async function storeKeys(
  { call }: MeasuredService,
  { apiId, newItem, count }: { apiId: string; newItem: NewItem; count: number },
): Promise<number> {
  const startedAt = performance.now();
  for (let stored = 0; stored < count; stored += keysOfCall) {
    const keys = Array.from({ length: keysOfCall }, (_, index) => newItem(stored + index));
    const { data } = JSON.parse(await call('keys.migrateKeys', { apiId, migrationId, keys }));
    if (data.migrated.length !== keysOfCall) throw new Error('Some keys were not migrated.');
  }
  return (count / (performance.now() - startedAt)) * 1000;
}

async function createMigration(folder: string): Promise<void> {
  const config = loadConfig({ flags: { 'data-dir': folder }, env: serviceEnv, cwd: folder });
  const { storage } = await openStorage(config);
  const [workspace] = await storage.read((store) => store.workspaces.list());
  const migration = { id: migrationId, name: 'Bench', algorithm: 'sha256', createdAt: Date.now() } as const;
  await storage.write((store) => store.migrations.create(workspace?.id ?? '', migration));
  await storage.close();
}
