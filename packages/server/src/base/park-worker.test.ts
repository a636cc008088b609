import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

// A worker runs compiled code only.
const module = new URL('../../dist/base/park-worker.js', import.meta.url).href;

/** Is nearly always inside a statement with many rows. */
const worker = `
  import { parentPort } from 'node:worker_threads';
  import { DatabaseSync } from ${JSON.stringify(import.meta.resolve('@photostructure/sqlite'))};
  import { park } from ${JSON.stringify(module)};
  // The driver closes a database to which nothing refers any more.
  const database = (globalThis.database = new DatabaseSync(':memory:'));
  const statement = database.prepare(
    'WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < 100000) SELECT n FROM rows',
  );
  parentPort.on('message', park);
  const run = () => {
    statement.all();
    setImmediate(run);
  };
  run();
  parentPort.postMessage('running');`;

const program = `
  import { Worker } from 'node:worker_threads';
  import { parkOnExit } from ${JSON.stringify(module)};
  const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
  parkOnExit(worker);
  worker.once('message', () => setTimeout(() => process.exit(130), 100));`;

test('a process exits with its status while a worker is busy in SQLite', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  const [[status], errors] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  expect({ status, errors }).toEqual({ status: 130, errors: '' });
});
