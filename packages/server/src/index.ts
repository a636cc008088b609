export {
  type App,
  type AppOptions,
  createApp,
  createListener,
  createMemoryApp,
  createThreadedApp,
  type MemoryApp,
  openStorage,
  type ThreadedApp,
} from './app.ts';
export { type Clock, systemClock } from './base/clock.ts';
export { ConnectionUrlError } from './base/connection-url.ts';
export { parseUnits } from './base/duration.ts';
export {
  type AdmitBody,
  type Endpoint,
  freeBodyBytes,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type ReportFailure,
} from './base/http-message.ts';
export { type Ids, randomIds } from './base/ids.ts';
export { createLog, type Log } from './base/log.ts';

export {
  type Config,
  type ConfigFlag,
  defaultConfig,
  describeConfig,
  emulatorKeyPrefix,
  loadConfig,
  type SettingState,
} from './config.ts';
export { type Diagnosis, diagnose } from './diagnose.ts';
export { hashKey } from './domain/keys/key-material.ts';
export { parseAllowList } from './domain/network/ip-allow-list.ts';
export { isUrnGrant } from './domain/permissions/grants.ts';
export { bindDataKeys } from './jobs/bind-data-keys.ts';
export { removeDeletedRows } from './jobs/deleted-rows.ts';
export { deleteExpiredIdempotencyRecords } from './jobs/expired-idempotency-records.ts';
export { refillDueKeys } from './jobs/refill.ts';
export { openVault } from './open-vault.ts';
export { databaseFileOf, masterKeyFileOf, saveRootKey } from './storage/data-folder.ts';
export {
  type Api,
  type AuditRecord,
  type MigrationAlgorithm,
  migrationAlgorithms,
  type Namespace,
  type NamespaceWithOverrides,
  type RootKey,
  type Workspace,
} from './storage/port/records.ts';
export type { Storage } from './storage/port/storage.ts';
export type { Store } from './storage/port/store.ts';
export { parseDatabaseUrl } from './storage/postgres/database-url.ts';
export { backupDatabase } from './storage/sqlite/backup.ts';
export { restoreDatabase } from './storage/sqlite/restore.ts';
export { migrateData, type TransferPlace } from './storage/transfer/migrate-data.ts';
export type { TransferStep } from './storage/transfer/transfer.ts';
export { staticFiles } from './transport/static-files.ts';
export { createRootKey, createWorkspace } from './workspace/ensure-workspace.ts';
export { rotateMasterKey } from './workspace/rotate-master-key.ts';
