import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { Writer } from './writer.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Every commit as the list of the jobs that it holds. */
function recorded() {
  const commits: string[][] = [];
  const writer = new Writer(new DatabaseSync(':memory:'), (tags) => commits.push([...(tags ?? [])]));
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
