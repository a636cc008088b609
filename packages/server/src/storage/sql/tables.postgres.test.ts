import { DatabaseSync } from '@photostructure/sqlite';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createDatabase } from '../../../../../tests/postgres.ts';
import { declaredTables, postgresSchema, sqliteSchema } from '../conformance/schema-of.ts';
import { migrate as migratePostgres } from '../postgres/migrations.ts';
import { migrate as migrateSqlite } from '../sqlite/migrations.ts';

test('after all migrations both databases have the same tables, columns and indexes', async () => {
  const file = new DatabaseSync(':memory:');
  migrateSqlite(file);
  const sqlite = sqliteSchema(file);
  const database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await migratePostgres(client);
  const postgres = await postgresSchema(client);
  await client.end();
  await database.drop();
  file.close();

  expect(postgres.tables).toEqual(sqlite.tables);
  expect(postgres.tables).toEqual(declaredTables());
  // A table with a number of its own as primary key needs no index for it in SQLite.
  const implied = ['unique audit_log (sequence)'];
  expect(postgres.indexes).toEqual([...sqlite.indexes, ...implied].sort());
});
