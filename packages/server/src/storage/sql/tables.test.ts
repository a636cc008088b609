import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { declaredTables, sqliteSchema } from '../conformance/schema-of.ts';
import { migrate } from '../sqlite/migrations.ts';

test('after all migrations the SQLite file has the declared tables and columns', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  expect(sqliteSchema(database).tables).toEqual(declaredTables());
  database.close();
});
