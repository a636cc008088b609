/** A permission query of verifyKey, parsed. */
export type Query =
  | { readonly kind: 'permission'; readonly slug: string }
  | { readonly kind: 'all'; readonly of: readonly Query[] }
  | { readonly kind: 'any'; readonly of: readonly Query[] };

/** Why a query cannot be parsed. `position` counts bytes of UTF-8 from 0. */
export interface QuerySyntaxError {
  readonly kind: 'syntaxError';
  readonly position: number;
  readonly message: string;
}

/** `AND` binds tighter than `OR`; operators in any case; a permission is compared letter by letter, `*` included. */
export function parseQuery(text: string): Query | QuerySyntaxError {
  const scanner: Scanner = { text, start: 0, end: 0, token: 'end' };
  const outer: Group[] = [];
  let group = emptyGroup();
  for (;;) {
    // Expects an operand. Before the first one, the token is still 'end'.
    const before = scanner.token;
    const token = advance(scanner);
    if (token === 'open') {
      if (outer.length === deepestNesting) return nestedTooDeep(scanner);
      outer.push(group);
      group = emptyGroup();
      continue;
    }
    if (token !== 'permission') return operandMissing(scanner, before);
    group.all.push({ kind: 'permission', slug: lexeme(scanner) });

    // Expects an operator, a closing parenthesis or the end.
    let follower = advance(scanner);
    while (follower === 'close' && outer.length > 0) {
      const closed = closeGroup(group);
      group = outer.pop() ?? emptyGroup();
      group.all.push(closed);
      follower = advance(scanner);
    }
    if (follower === 'or') closeAlternative(group);
    else if (follower === 'end' && outer.length === 0) return closeGroup(group);
    else if (follower !== 'and') return operatorMissing(scanner, outer.length);
  }
}

/** Whether a key that has exactly these permissions satisfies the query. */
export function holds(query: Query, has: ReadonlySet<string>): boolean {
  if (query.kind === 'permission') return has.has(query.slug);
  if (query.kind === 'all') return query.of.every((part) => holds(part, has));
  return query.of.some((part) => holds(part, has));
}

// Keeps `holds` safe from a stack overflow; the contract's 1000 characters cannot nest deeper.
const deepestNesting = 1000;

interface Group {
  readonly any: Query[];
  all: Query[];
}

function emptyGroup(): Group {
  return { any: [], all: [] };
}

function closeAlternative(group: Group): void {
  group.any.push(one('all', group.all));
  group.all = [];
}

function closeGroup(group: Group): Query {
  closeAlternative(group);
  return one('any', group.any);
}

function one(kind: 'all' | 'any', of: readonly Query[]): Query {
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { kind, of };
}

type Token = 'permission' | 'and' | 'or' | 'open' | 'close' | 'end' | 'illegal';

// Scanning stops at the first character outside ASCII, so up to any position that is reported, an index into the
// string and an offset in bytes are the same number.
interface Scanner {
  readonly text: string;
  start: number;
  end: number;
  token: Token;
}

function advance(scanner: Scanner): Token {
  const { text } = scanner;
  let at = scanner.end;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  scanner.start = at;
  while (at < text.length && isPermissionCharacter(text.charCodeAt(at))) at++;
  scanner.end = at;
  scanner.token = at > scanner.start ? wordToken(text, scanner.start, at) : markToken(scanner);
  return scanner.token;
}

function markToken(scanner: Scanner): Token {
  if (scanner.start >= scanner.text.length) return 'end';
  scanner.end = scanner.start + 1;
  const code = scanner.text.charCodeAt(scanner.start);
  if (code === openingParenthesis) return 'open';
  if (code === closingParenthesis) return 'close';
  return 'illegal';
}

// `| 0x20` is the lower case of an ASCII letter; no other character of a permission maps to these five.
function wordToken(text: string, start: number, end: number): Token {
  const first = text.charCodeAt(start) | 0x20;
  const second = text.charCodeAt(start + 1) | 0x20;
  if (end - start === 2) return first === letterO && second === letterR ? 'or' : 'permission';
  if (end - start !== 3) return 'permission';
  const third = text.charCodeAt(start + 2) | 0x20;
  return first === letterA && second === letterN && third === letterD ? 'and' : 'permission';
}

const openingParenthesis = 0x28;
const closingParenthesis = 0x29;
const letterA = 0x61;
const letterD = 0x64;
const letterN = 0x6e;
const letterO = 0x6f;
const letterR = 0x72;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

const permissionCharacters = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:*/') {
  permissionCharacters[character.charCodeAt(0)] = 1;
}

function isPermissionCharacter(code: number): boolean {
  return code < 128 && permissionCharacters[code] === 1;
}

function lexeme(scanner: Scanner): string {
  return scanner.text.slice(scanner.start, scanner.end);
}

function operandMissing(scanner: Scanner, before: Token): QuerySyntaxError {
  const at = scanner.start;
  switch (scanner.token) {
    case 'illegal':
      return illegalCharacter(scanner);
    case 'end':
      return before === 'end'
        ? syntaxError(at, `The query is blank up to its end at position ${at}; name at least one permission.`)
        : syntaxError(at, `The query stops at position ${at} where a permission or '(' must follow.`);
    case 'close':
      if (before === 'open') {
        return syntaxError(
          at,
          `Nothing stands inside the parentheses that close at position ${at}; name a permission.`,
        );
      }
  }
  return syntaxError(at, `'${lexeme(scanner)}' at position ${at} stands where a permission or '(' must be.`);
}

function operatorMissing(scanner: Scanner, unclosed: number): QuerySyntaxError {
  const at = scanner.start;
  if (scanner.token === 'illegal') return illegalCharacter(scanner);
  if (unclosed > 0)
    return syntaxError(at, `A ')' is missing at position ${at}; close every '(' of the query.`);
  return syntaxError(
    at,
    `'${lexeme(scanner)}' at position ${at} comes after the query is complete; join permissions with AND or OR.`,
  );
}

function illegalCharacter(scanner: Scanner): QuerySyntaxError {
  const character = String.fromCodePoint(scanner.text.codePointAt(scanner.start) ?? 0);
  return syntaxError(
    scanner.start,
    `'${character}' at position ${scanner.start} cannot be part of a query; use letters, digits, '. _ - : * /' and parentheses.`,
  );
}

function nestedTooDeep(scanner: Scanner): QuerySyntaxError {
  const at = scanner.start;
  return syntaxError(
    at,
    `Parentheses nest deeper than ${deepestNesting} at position ${at}; simplify the query.`,
  );
}

function syntaxError(position: number, message: string): QuerySyntaxError {
  return { kind: 'syntaxError', position, message };
}
