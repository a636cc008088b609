import { hash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { NumberedBodies } from './bodies.ts';
import type { MeasuredService } from './measured-process.ts';
import type { Started } from './started.ts';
import { newApi, type Workload } from './workloads.ts';

const digits = 9;

/** A service on a SQLite database with this many keys, which differ only in their number. */
export async function serviceWithKeys(
  started: Started,
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredService> {
  const folder = await started.folder();
  const maker = await started.service({ folder });
  const apiId = await newApi(maker.call);
  const { keyId } = JSON.parse(await maker.call('keys.createKey', { apiId })).data;
  await maker.stop();
  insertKeys(join(folder, 'unkey.sqlite'), { like: keyId, count });
  return started.service({ folder, env });
}

/** Verifications of `count` keys in rotation, starting at a number. */
export function numberedKeys(first: number, count: number): Workload {
  const [before = '', after = ''] = JSON.stringify({ key: `${prefix}#` }).split('#');
  const bodies: NumberedBodies = { before, after, digits, numbered: { first, count } };
  return { operation: 'keys.verifyKey', bodies, expected: '"code":"VALID"' };
}

const prefix = 'bench_';

/** In one transaction, without the service: a million keys take half an hour through its API. */
function insertKeys(file: string, { like, count }: { readonly like: string; readonly count: number }): void {
  const database = new DatabaseSync(file);
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('keys')")
    .all()
    .map((row) => String((row as { readonly name: string }).name));
  const values = columns.map((name) => (name === 'id' || name === 'hash' ? `:${name}` : `"${name}"`));
  const names = columns.map((name) => `"${name}"`).join(', ');
  const insert = database.prepare(
    `INSERT INTO keys (${names}) SELECT ${values.join(', ')} FROM keys WHERE id = :like`,
  );
  database.exec('BEGIN');
  for (let number = 0; number < count; number++) {
    const text = String(number).padStart(digits, '0');
    insert.run({ id: `key_bench${text}`, hash: hash('sha256', prefix + text, 'base64'), like });
  }
  database.exec('COMMIT');
  database.close();
}
