import pg from 'pg';
import { expect, test } from 'vitest';
import { createDatabase } from '../../../../../tests/postgres.ts';
import { readsWholeTable, storeCalls } from '../conformance/store-calls.ts';
import { databaseOver } from '../postgres/dialect.ts';
import { migrate } from '../postgres/migrations.ts';
import { sqlStore } from './store.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** Nodes that read a whole table: without a condition an index is read from end to end, too. */
function scansOf(node: PlanNode): string[] {
  const type = node['Node Type'];
  const isScan =
    type === 'Seq Scan' || (/^Index (Only )?Scan$/.test(type) && node['Index Cond'] === undefined);
  const table = node['Relation Name'];
  const own = isScan && table !== undefined && table !== 'pending_unlinks' ? [`${type} of ${table}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)];
}

/** Rows that were read and neither returned nor changed. */
function walkedIn(node: PlanNode): number {
  const own = node['Rows Removed by Filter'] ?? 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + walkedIn(child), own);
}

/** More than a statement may read in vain: the tables have a thousand rows of each kind that it does not want. */
const maxWalked = 60;

/** With few rows every index is as good as any other. */
const manyRows = `
  INSERT INTO apis SELECT 'api_m' || n, 'ws_' || n % 7, 'Many', 'ks_m' || n, NULL, 0, NULL, NULL, n, nullif(n % 50, 1)
    FROM generate_series(1, 1000) n;
  INSERT INTO identities SELECT 'id_m' || n, 'ws_' || n % 7, 'user_m' || n, NULL, n, NULL, CASE WHEN n % 50 = 0 THEN n END
    FROM generate_series(1, 5000) n;
  INSERT INTO keys (id, workspace_id, api_id, hash, start, byte_length, identity_id, is_enabled, created_at, deleted_at)
    SELECT 'key_m' || n, 'ws_' || n % 7, 'api_m' || n % 1000, 'hash_m' || n, '', 16, 'id_m' || n % 5000, 1, n,
      CASE WHEN n % 50 = 0 THEN n END
    FROM generate_series(1, 20000) n;
  INSERT INTO keys (id, workspace_id, api_id, hash, start, byte_length, identity_id, is_enabled, created_at, deleted_at)
    SELECT 'a_key_' || n, 'ws_1', 'api_1', 'hash_a' || n, '', 16, CASE WHEN n % 3 = 0 THEN 'id_m' || n % 5000 END, 1, n,
      CASE WHEN n % 2 = 0 THEN n + 1800000000000 END
    FROM generate_series(1, 3000) n;
  INSERT INTO identities SELECT 'a_id_' || n, 'ws_1', 'a_user_' || n, NULL, n, NULL, n + 1800000000000
    FROM generate_series(1, 1000) n;
  INSERT INTO permissions SELECT 'perm_m' || n, 'ws_' || n % 7, 'm' || n, 'm' || n, 'Many', NULL, n
    FROM generate_series(1, 5000) n;
  INSERT INTO roles SELECT 'role_m' || n, 'ws_' || n % 7, 'm' || n, 'm' || n, NULL, n FROM generate_series(1, 5000) n;
  INSERT INTO key_permissions SELECT 'key_m' || n, 'perm_m' || n % 5000 FROM generate_series(1, 10000) n;
  INSERT INTO key_roles SELECT 'key_m' || n, 'role_m' || n % 5000 FROM generate_series(1, 10000) n;
  INSERT INTO role_permissions SELECT 'role_m' || n % 5000, 'perm_m' || n % 1000 FROM generate_series(1, 5000) n;
  INSERT INTO ratelimits SELECT 'rl_m' || n, 'ws_' || n % 7, 'key_m' || n, 'many', 1, 1, 1 FROM generate_series(1, 5000) n;
  INSERT INTO namespaces SELECT 'rlns_m' || n, 'ws_' || n % 7, 'm' || n, n, NULL FROM generate_series(1, 2000) n;
  INSERT INTO overrides SELECT 'rlor_m' || n, 'ws_' || n % 7, 'rlns_m' || n % 100, 'm' || n, 1, 1, n, NULL
    FROM generate_series(1, 5000) n;
  INSERT INTO idempotency_records SELECT 'ws_' || n % 7, 'o', 'm' || n, 'f', '', n + 1800000000000
    FROM generate_series(1, 5000) n;
  INSERT INTO audit_log (id, workspace_id, event, at, actor_type, actor_id, actor_name, display, resources)
    SELECT 'log_m' || n, 'ws_' || n % 7, 'key.create', n, 'system', 'a', 'A', 'Many', '[]'
    FROM generate_series(1, 5000) n`;

// With the statistics that autovacuum keeps.
test('no query of the stores scans a table of PostgreSQL, or reads rows in vain', async () => {
  const database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const client = new pg.Client({ connectionString: database.url, pipeline: true });
  await client.connect();
  await migrate(client);
  await client.query(manyRows);
  await client.query('ANALYZE');
  // A scan of a small table is the best plan: forbidden, it shows only where there is no other way.
  await client.query('SET enable_seqscan = off');
  const statements: Statement[] = [];
  const store = sqlStore(databaseOver(recording(client, statements)), new Set(), 'update');
  const found: string[] = [];
  for (const [name, call] of Object.entries(storeCalls)) {
    statements.length = 0;
    await client.query('BEGIN');
    await call(store);
    for (const statement of readsWholeTable.has(name) ? [] : statements) {
      for (const fault of await faultsOf(client, statement)) found.push(`${name}: ${fault}`);
    }
    await client.query('COMMIT');
  }
  await client.end();
  await database.drop();
  expect(found).toEqual([]);
});

function recording(client: pg.Client, statements: Statement[]): pg.Client {
  return new Proxy(client, {
    get(target, member) {
      if (member !== 'query') return Reflect.get(target, member);
      return (statement: Statement) => {
        statements.push({ text: statement.text, values: statement.values });
        return target.query(statement);
      };
    },
  });
}

async function faultsOf(client: pg.Client, { text, values }: Statement): Promise<string[]> {
  // Writes are planned only: executed again, they would fail or do nothing.
  const analyze = text.startsWith('select') ? 'ANALYZE, ' : '';
  const { rows } = await client.query(`EXPLAIN (${analyze}FORMAT JSON) ${text}`, values);
  const plan = rows[0]['QUERY PLAN'][0].Plan as PlanNode;
  const walked = walkedIn(plan);
  const vain = walked > maxWalked ? [`${walked} rows in vain in ${text}`] : [];
  return [...scansOf(plan).map((scan) => `${scan} in ${text}`), ...vain];
}
