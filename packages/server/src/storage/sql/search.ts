import { setImmediate as nextTurn } from 'node:timers/promises';
import { foldSearch } from '../../domain/fold-case.ts';
import type { Page, PageQuery } from '../port/records.ts';
import { pageOf } from './rows.ts';

/** Rows of one statement of a search: other work of the thread runs between two of them. */
const maxSlice = 1000;
/** Rows that one page of a search reads. A page that reaches it may be short or empty; its cursor leads on. */
export const maxSearchedRows = 20_000;

interface Search<Row> {
  /** Rows in the order of their ids, from the id on. */
  readonly read: (from: string | undefined, limit: number) => Promise<readonly Row[]>;
  /** The texts of a row that are searched. */
  readonly textsOf: (row: Row) => readonly (string | null)[];
}

/**
 * A page of the rows that contain the search text, regardless of case and accents; of all rows if the text is blank.
 * Compared here and not by the databases: those fold ASCII only or depend on the locale, and LIKE takes seconds for a
 * text that many names almost match.
 */
export async function searchPage<Row extends { readonly id: string }>(
  { read, textsOf }: Search<Row>,
  { cursor, limit, search = '' }: PageQuery,
): Promise<Page<Row>> {
  const text = foldSearch(search.trim());
  if (text === '') return pageOf(await read(cursor, limit + 1), limit);
  const isFound = (row: Row) => textsOf(row).some((searched) => foldSearch(searched ?? '').includes(text));
  const found: Row[] = [];
  let from = cursor;
  // The first slice is enough for a text that most rows contain.
  for (let walked = 0, size = limit; walked < maxSearchedRows; size = 2 * size) {
    if (walked > 0) await nextTurn();
    const slice = Math.min(size, maxSlice, maxSearchedRows - walked);
    const { rows, nextCursor } = pageOf(await read(from, slice + 1), slice);
    found.push(...rows.filter(isFound));
    if (found.length > limit) return pageOf(found, limit);
    if (nextCursor === null) return { rows: found, nextCursor: null };
    walked += slice;
    from = nextCursor;
  }
  return { rows: found, nextCursor: from ?? null };
}
