import { expect, test } from 'vitest';
import { Coalescer } from './coalesce.ts';

/** Each run ends when the test says so. */
function controlled() {
  const runs: { readonly items: readonly number[]; end(error?: Error): void }[] = [];
  const coalescer = new Coalescer<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        runs.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((n) => `did ${n}`))) });
      }),
  );
  const end = async (index: number, error?: Error) => {
    runs[index]?.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { coalescer, end, itemsOf: () => runs.map(({ items }) => items) };
}

test('the first call runs at once; calls that come while it runs are one batch', async () => {
  const { coalescer, end, itemsOf } = controlled();
  const results = Promise.all([1, 2, 3].map((item) => coalescer.run('a', item)));
  expect(itemsOf()).toEqual([[1]]);
  await end(0);
  expect(itemsOf()).toEqual([[1], [2, 3]]);
  await end(1);
  expect(await results).toEqual(['did 1', 'did 2', 'did 3']);
  void coalescer.run('a', 4);
  expect(itemsOf()).toEqual([[1], [2, 3], [4]]);
});

test('calls with other keys do not wait', () => {
  const { coalescer, itemsOf } = controlled();
  void coalescer.run('a', 1);
  void coalescer.run('b', 2);
  expect(itemsOf()).toEqual([[1], [2]]);
});

test('a batch that fails rejects its own calls only', async () => {
  const { coalescer, end } = controlled();
  const results = Promise.allSettled([1, 2].map((item) => coalescer.run('a', item)));
  await end(0, new Error('no'));
  await end(1);
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});
