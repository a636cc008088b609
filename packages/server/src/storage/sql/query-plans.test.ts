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

test('no query of the stores scans a table', async () => {
  const { database, recording, statements } = recorded();
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

test('no lookup of the verify and limit paths scans a table', () => {
  const { database, recording, statements } = recorded();
  hotReads(recording);
  expect(statements.size).toBeGreaterThan(5);
  expect([...statements].flatMap((statement) => scansOf(database, statement))).toEqual([]);
  database.close();
});
