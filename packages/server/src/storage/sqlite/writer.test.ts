import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { Writer } from './writer.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Every commit as the list of the jobs that it holds. */
function recorded() {
  const commits: string[][] = [];
  const writer = new Writer(new DatabaseSync(':memory:'), {
    onCommit: (tags) => commits.push([...(tags ?? [])]),
    lockWaitMs: 0,
    beforeCommit: () => {},
  });
  const write = (name: string) => writer.run((changes) => void changes.add(name));
  return { commits, write };
}

test('a write that is alone does not wait for others', async () => {
  const { commits, write } = recorded();
  const first = write('first');
  await nextTurn();
  await Promise.all([first, write('second')]);
  expect(commits).toEqual([['first'], ['second']]);
});

test('writes of one turn are one commit, and so are those of the next turn with them', async () => {
  const { commits, write } = recorded();
  const turn = [write('first'), write('second')];
  await nextTurn();
  await Promise.all([...turn, write('third')]);
  expect(commits).toEqual([['first', 'second', 'third']]);
});

test('writes that keep coming do not keep the earlier ones waiting', async () => {
  const { commits, write } = recorded();
  let isCommitted = false;
  const first = write('0').then(() => {
    isCommitted = true;
  });
  const others: Promise<void>[] = [];
  while (!isCommitted && others.length < 1000) {
    others.push(write(String(others.length + 1)));
    await nextTurn();
  }
  await Promise.all([first, ...others]);
  expect(commits[0]?.length).toBeLessThan(20);
});

test('when a job ends the whole transaction, no job of its batch is acknowledged', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE rows (name TEXT)');
  const commits: unknown[] = [];
  const writer = new Writer(database, {
    onCommit: (tags) => commits.push(tags),
    lockWaitMs: 0,
    beforeCommit: () => {},
  });
  const insert = (name: string) =>
    writer.run(() => void database.exec(`INSERT INTO rows VALUES ('${name}')`));
  const settled = await Promise.allSettled([
    insert('before'),
    // What a full disk does, and some other failures.
    writer.run(() => {
      database.exec('ROLLBACK');
      throw new Error('full');
    }),
    insert('after'),
  ]);
  const rejected = { status: 'rejected', reason: new Error('full') };
  expect(settled).toEqual([rejected, rejected, rejected]);
  expect(commits).toEqual([]);
  expect(database.prepare('SELECT * FROM rows').all()).toEqual([]);
  await insert('next');
  expect(database.prepare('SELECT name FROM rows').all()).toEqual([{ name: 'next' }]);
});
