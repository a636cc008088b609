import { expect, test } from 'vitest';
import { kyselyOver } from '../sqlite/dialect.ts';
import { migrate } from '../sqlite/migrations.ts';
import { openDatabase } from '../sqlite/open.ts';
import { insertRows } from './insert-row.ts';

test('on SQLite, rows are inserted one by one: a statement of several would be a savepoint', async () => {
  const database = openDatabase(':memory:');
  migrate(database);
  const prepared: string[] = [];
  const recording = new Proxy(database, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (member === 'prepare') prepared.push(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
  const db = kyselyOver(recording);
  const rows = Array.from({ length: 200 }, (_, index) => ({ keyId: `key_${index}`, roleId: 'role_1' }));
  await insertRows(db, 'keyRoles', rows);
  await insertRows(db, 'keyRoles', []);
  expect(prepared).toEqual(['insert into "key_roles" ("key_id", "role_id") values (?, ?)']);
  expect(await db.selectFrom('keyRoles').selectAll().orderBy('keyId').execute()).toEqual(
    rows.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1)),
  );
  database.close();
});
