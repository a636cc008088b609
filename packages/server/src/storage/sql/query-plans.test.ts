import type { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { methodsOf, readsWholeTable, storeCalls } from '../conformance/store-calls.ts';
import { kyselyOver } from '../sqlite/dialect.ts';
import { hotReads } from '../sqlite/hot-path.ts';
import { migrate } from '../sqlite/migrations.ts';
import { openDatabase } from '../sqlite/open.ts';
import { sqlStore } from './store.ts';

/** A database that records the statements that are prepared on it. */
function recorded() {
  const database = openDatabase(':memory:');
  migrate(database);
  const statements = new Set<string>();
  const recording = new Proxy(database, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (member === 'prepare') statements.add(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
  return { database, recording, statements };
}

// Not tables that grow: literal rows, values and limited rows of the statement itself, and links of few deletions.
const scanOfTable =
  /^SCAN (?!CONSTANT|\d+ CONSTANT|\d+-ROW VALUES|used\b|due\b|links\b|\(|pending_unlinks\b|json_each)/;

function scansOf(database: InstanceType<typeof DatabaseSync>, statement: string): string[] {
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${statement}`).all() as { detail: string }[];
  return plan.map(({ detail }) => detail).filter((detail) => scanOfTable.test(detail));
}

test('every method of the stores has a call', () => {
  const { recording } = recorded();
  const store = sqlStore(kyselyOver(recording), new Set());
  expect(Object.keys(storeCalls).sort()).toEqual(methodsOf(store).sort());
});

/** The planner counts rows that mislead it: many of one API and of one identity, most of them deleted. */
function countSkewedRows(database: InstanceType<typeof DatabaseSync>): void {
  const numbers =
    'WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)';
  database.exec(`
    ${numbers} INSERT INTO keys (id, workspace_id, api_id, hash, start, byte_length, is_enabled, created_at,
      identity_id, deleted_at, next_refill_at)
    SELECT 'key_' || n, 'ws_1', 'api_1', 'hash_' || n, '', 16, 1, 1, 'id_1', iif(n % 10 = 0, NULL, n), n FROM numbers;
    ${numbers} INSERT INTO identities (id, workspace_id, external_id, created_at, deleted_at)
    SELECT 'id_' || n, 'ws_1', 'user_' || n, 1, iif(n % 10 = 0, NULL, n) FROM numbers;
    ${numbers} INSERT INTO key_permissions SELECT 'key_' || n, 'perm_p' FROM numbers;
    ${numbers} INSERT INTO key_roles SELECT 'key_' || n, 'role_r' FROM numbers;
    ${numbers} INSERT INTO audit_log (id, workspace_id, event, at, actor_type, actor_id, actor_name, display, resources)
    SELECT 'log_' || n, 'ws_1', 'key.create', n, '', '', '', '', '[]' FROM numbers;
    ANALYZE; DELETE FROM keys; DELETE FROM identities; DELETE FROM audit_log`);
}

test.each([
  { statistics: 'without statistics', prepare: () => {} },
  { statistics: 'with statistics of skewed rows', prepare: countSkewedRows },
])('no query of the stores scans a table, $statistics', async ({ prepare }) => {
  const { database, recording, statements } = recorded();
  prepare(database);
  const store = sqlStore(kyselyOver(recording), new Set());
  const scans: string[] = [];
  for (const [name, call] of Object.entries(storeCalls)) {
    statements.clear();
    await call(store);
    if (readsWholeTable.has(name)) continue;
    for (const statement of statements) {
      for (const scan of scansOf(database, statement)) scans.push(`${name}: ${scan} in ${statement}`);
    }
  }
  expect(scans).toEqual([]);
  database.close();
});

test('the audit log of a workspace is read from its own index', () => {
  const { database } = recorded();
  const plan = database
    .prepare(
      'EXPLAIN QUERY PLAN SELECT * FROM audit_log WHERE at >= 1 AND workspace_id = 1 ORDER BY at DESC, sequence DESC',
    )
    .all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH audit_log USING INDEX audit_log_workspace (workspace_id=? AND at>?)',
  ]);
  database.close();
});

test('no lookup of the verify and limit paths scans a table', () => {
  const { database, recording, statements } = recorded();
  hotReads(recording);
  expect(statements.size).toBeGreaterThan(5);
  expect([...statements].flatMap((statement) => scansOf(database, statement))).toEqual([]);
  database.close();
});
