/** What a permission query means, as data: the service and the client must both agree with every row. */

interface DecidedQuery {
  readonly query: string;
  readonly held: readonly string[];
  readonly holds: boolean;
}

interface Malformed {
  readonly query: string;
  /** Where reading stops, counted from 0. */
  readonly position: number;
}

const nested = (depth: number): string => `${'('.repeat(depth)}a${')'.repeat(depth)}`;
const slugs = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

export const decidedQueries: readonly DecidedQuery[] = [
  { query: 'documents.read', held: ['documents.read'], holds: true },
  { query: 'documents.read', held: [], holds: false },
  { query: 'documents.read', held: ['documents.write'], holds: false },
  { query: '  documents.read\r\n', held: ['documents.read'], holds: true },

  // Letter by letter: case counts, and a star is a character. (One workspace has a slug in one spelling only.)
  { query: 'invoices.send', held: ['Invoices.Send'], holds: false },
  { query: 'documents.read', held: ['documents.*'], holds: false },
  { query: 'documents.read', held: ['*'], holds: false },
  { query: 'documents.*', held: ['documents.read'], holds: false },
  { query: 'documents.*', held: ['documents.*'], holds: true },
  { query: '*', held: ['*'], holds: true },
  { query: 'documents', held: ['documents.read'], holds: false },
  { query: 'documents.read', held: ['documents'], holds: false },

  // Precedence and parentheses.
  { query: 'a AND b', held: ['a', 'b'], holds: true },
  { query: 'a AND b', held: ['a'], holds: false },
  { query: 'a OR b', held: ['b'], holds: true },
  { query: 'a OR b', held: ['c'], holds: false },
  { query: 'a OR b AND c', held: ['a'], holds: true },
  { query: 'a OR b AND c', held: ['b'], holds: false },
  { query: 'a AND b OR c', held: ['c'], holds: true },
  { query: '(a OR b) AND c', held: ['a'], holds: false },
  { query: '(a OR b) AND c', held: ['b', 'c'], holds: true },
  { query: 'a AND b OR c AND d', held: ['a', 'd'], holds: false },
  { query: 'a AND (b OR c) AND d', held: ['a', 'c', 'd'], holds: true },
  { query: '((a)) AND ((b OR (c)))', held: ['a', 'c'], holds: true },
  { query: '(a)OR(b)', held: ['b'], holds: true },
  { query: 'a AND a AND a', held: ['a'], holds: true },

  // Operators in any case, blanks of four kinds; what only looks like an operator is a permission.
  { query: 'a and b', held: ['a'], holds: false },
  { query: 'a oR b', held: ['b'], holds: true },
  { query: 'a and\tb\r\nOr c', held: ['c'], holds: true },
  { query: 'a And(b)', held: ['a'], holds: false },
  { query: 'ANDROID OR ORACLE', held: ['ORACLE'], holds: true },
  { query: 'AND.x', held: ['AND.x'], holds: true },
  { query: 'or:', held: ['or:'], holds: true },
  { query: 'aANDb', held: ['a', 'b'], holds: false },

  // The alphabet.
  { query: '2fa.read', held: ['2fa.read'], holds: true },
  { query: '-', held: ['-'], holds: true },
  { query: '_', held: ['_'], holds: true },
  { query: '.', held: ['.'], holds: true },
  { query: 'api:read_all-keys.*', held: ['api:read_all-keys.*'], holds: true },
  { query: 'a/b', held: ['a', 'b'], holds: false },
  { query: 'toString', held: [], holds: false },
  { query: '__proto__ OR constructor', held: [], holds: false },

  // Long and deep.
  { query: 'a'.repeat(1000), held: ['a'], holds: false },
  { query: nested(499), held: ['a'], holds: true },
  { query: slugs(120).join(' OR '), held: ['p119'], holds: true },
  { query: slugs(100).join(' AND '), held: slugs(100), holds: true },
  { query: slugs(100).join(' AND '), held: slugs(99), holds: false },
];

export const malformedQueries: readonly Malformed[] = [
  { query: ' ', position: 1 },
  { query: ' \t ', position: 3 },
  { query: 'a AND', position: 5 },
  { query: 'a OR ', position: 5 },
  { query: '(a AND b', position: 8 },
  { query: '(a b)', position: 3 },
  { query: '()', position: 1 },
  { query: 'a AND ()', position: 7 },
  { query: 'AND', position: 0 },
  { query: 'or', position: 0 },
  { query: 'AND a', position: 0 },
  { query: 'a AND OR b', position: 6 },
  { query: 'a OR OR b', position: 5 },
  { query: ')', position: 0 },
  { query: '(', position: 1 },
  { query: '(a OR )', position: 6 },
  { query: 'a b', position: 2 },
  { query: 'a)', position: 1 },
  { query: '(a))', position: 3 },
  { query: 'a (b)', position: 2 },
  { query: '(a)(b)', position: 3 },
  { query: 'NOT a', position: 4 },
  { query: 'a & b', position: 2 },
  { query: 'a, b', position: 1 },
  { query: 'role @x', position: 5 },
  { query: '@', position: 0 },
  { query: '"a"', position: 0 },
  { query: 'a\u00a0AND b', position: 1 },
  { query: 'a\u000bAND b', position: 1 },
  { query: 'a AND ü', position: 6 },
  { query: 'a AND 😀', position: 6 },
  { query: '('.repeat(1000), position: 1000 },
];

/** Refused before they are read: their length alone is wrong. */
export const queriesOfWrongLength: readonly string[] = ['', 'a'.repeat(1001), `${'a OR '.repeat(200)}a`];
