import { expect, test } from 'vitest';
import { Gathering } from './coalesce.ts';

/** Each run ends when the test says so. */
function controlled() {
  const runs: { readonly items: readonly number[]; end(error?: Error): void }[] = [];
  const gathering = new Gathering<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        runs.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((n) => `did ${n}`))) });
      }),
  );
  const end = async (index: number, error?: Error) => {
    runs[index]?.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { gathering, end, itemsOf: () => runs.map(({ items }) => items) };
}

test('the first goes at once, all that come while it runs go together after it', async () => {
  const { gathering, end, itemsOf } = controlled();
  const answers = Promise.all([1, 2, 3].map((item) => gathering.add('a', item)));
  expect(itemsOf()).toEqual([[1]]);
  await end(0);
  expect(itemsOf()).toEqual([[1], [2, 3]]);
  await end(1);
  expect(await answers).toEqual(['did 1', 'did 2', 'did 3']);
  void gathering.add('a', 4);
  expect(itemsOf()).toEqual([[1], [2, 3], [4]]);
});

test('other names do not wait', () => {
  const { gathering, itemsOf } = controlled();
  void gathering.add('a', 1);
  void gathering.add('b', 2);
  expect(itemsOf()).toEqual([[1], [2]]);
});

test('a run that fails fails its own items only', async () => {
  const { gathering, end } = controlled();
  const answers = Promise.allSettled([1, 2].map((item) => gathering.add('a', item)));
  await end(0, new Error('no'));
  await end(1);
  expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});
