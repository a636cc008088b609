import { expect, test } from 'vitest';
import { maxSearchedRows, searchPage } from './search.ts';

interface Row {
  readonly id: string;
  readonly name: string;
}

const count = 3 * maxSearchedRows + 5;
const rows: Row[] = Array.from({ length: count }, (_, index) => ({
  id: String(index).padStart(6, '0'),
  name: index % 9000 === 8999 ? `Rare ${index}` : `Common ${index}`,
}));

function searching() {
  let read = 0;
  let longest = 0;
  const search = {
    async read(from: string | undefined, limit: number) {
      const slice = rows.slice(from === undefined ? 0 : Number(from)).slice(0, limit);
      read += slice.length;
      longest = Math.max(longest, slice.length);
      return slice;
    },
    textsOf: ({ name }: Row) => [name, null],
  };
  return { search, read: () => read, longest: () => longest };
}

test('a search reads a bounded number of rows a page, in slices, and its cursor leads on to every row', async () => {
  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 4; page++) {
    const { search, read, longest } = searching();
    const { rows: some, nextCursor } = await searchPage(search, { cursor, limit: 100, search: 'RARE' });
    found.push(...some.map(({ name }) => name));
    // Each slice reads one row more than it searches.
    expect(read()).toBeLessThanOrEqual(maxSearchedRows + 40);
    expect(longest()).toBeLessThanOrEqual(1001);
    expect(nextCursor === null).toBe(page === 3);
    cursor = nextCursor ?? undefined;
  }
  expect(found).toEqual(rows.filter(({ name }) => name.startsWith('Rare')).map(({ name }) => name));
});

test('a page without a match is empty and has a cursor', async () => {
  const { search } = searching();
  const page = await searchPage(search, { cursor: undefined, limit: 10, search: 'nobody' });
  expect(page).toEqual({ rows: [], nextCursor: String(maxSearchedRows).padStart(6, '0') });
});

test('a search that most rows match reads little more than its page', async () => {
  const { search, read } = searching();
  const page = await searchPage(search, { cursor: undefined, limit: 10, search: 'common' });
  expect(page.rows).toHaveLength(10);
  expect(page.nextCursor).toBe('000010');
  expect(read()).toBeLessThan(50);
});

test('without a text every row is listed', async () => {
  const { search, read } = searching();
  const page = await searchPage(search, { cursor: '000005', limit: 2, search: '  ' });
  expect(page.rows.map(({ id }) => id)).toEqual(['000005', '000006']);
  expect([page.nextCursor, read()]).toEqual(['000007', 3]);
});
