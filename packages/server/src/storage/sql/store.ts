import type { Changes } from '../changes.ts';
import type { Store } from '../port/store.ts';
import { apiStore } from './apis.ts';
import { auditStore } from './audit.ts';
import { deletedRowStore } from './deleted-rows.ts';
import { idempotencyRecordStore } from './idempotency-records.ts';
import { identityStore } from './identities.ts';
import { keyStore } from './keys.ts';
import { migrationStore } from './migrations.ts';
import { namespaceStore } from './namespaces.ts';
import { permissionStore } from './permissions.ts';
import { roleStore } from './roles.ts';
import { rootKeyStore } from './root-keys.ts';
import type { RowLock } from './row-lock.ts';
import type { Database } from './tables.ts';
import { workspaceStore } from './workspaces.ts';

/** The store over a connection to either database: each query is written once. */
export function sqlStore(db: Database, changes: Changes, lock: RowLock = 'none'): Store {
  return {
    workspaces: workspaceStore(db, changes),
    rootKeys: rootKeyStore(db, changes),
    apis: apiStore(db, changes),
    keys: keyStore(db, changes, lock),
    identities: identityStore(db, changes),
    permissions: permissionStore(db, changes),
    roles: roleStore(db, changes),
    namespaces: namespaceStore(db, changes),
    migrations: migrationStore(db),
    audit: auditStore(db),
    idempotencyRecords: idempotencyRecordStore(db),
    deletedRows: deletedRowStore(db, lock),
  };
}
