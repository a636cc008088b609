import { parseAst } from 'rolldown/parseAst';

/** One small change of a source file, which a test should notice. */
export interface Mutant {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line without its indentation. It names the place for as long as the line itself stays. */
  readonly text: string;
  /** `< → <=`; a long text is cut. */
  readonly change: string;
  /** What replaces the text between the two offsets. */
  readonly after: string;
  readonly start: number;
  readonly end: number;
}

/** What names a mutant although lines move. */
export type Place = Pick<Mutant, 'file' | 'text' | 'change'>;

/** A mutant that no test needs to notice, and the reason. */
export interface Accepted extends Place {
  readonly why: string;
}

/** A replacement of the text between two offsets. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly operator?: string;
  readonly left?: SyntaxNode;
  readonly right?: SyntaxNode;
  readonly argument?: SyntaxNode | null;
  readonly expression?: SyntaxNode | boolean;
  readonly test?: SyntaxNode | null;
  readonly consequent?: SyntaxNode;
  readonly alternate?: SyntaxNode | null;
  readonly body?: SyntaxNode;
  readonly value?: unknown;
  readonly directive?: string | null;
}

/** Operator → what it is replaced by. */
const operators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
};
/** Of SQL and of Lua, inside strings. */
const words: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['<', '<=', '>', '>='].map((operator) => [operator, operators[operator] ?? []])),
  '=': ['<>'],
  '==': ['~='],
  '+': ['-'],
  '-': ['+'],
  AND: ['OR'],
  OR: ['AND'],
  and: ['or'],
  or: ['and'],
};
const wordPattern = / ([<>]=?|==?|[+-]|AND|OR|and|or) /g;
/** Strings that are a statement; sentences for people have none of these. */
const statement =
  /\b(SELECT|WHERE|UPDATE|SET|VALUES|CASE|redis\.call|local)\b|\bset \w+ = |\bwhere \w+(\.\w+)? [<=>]/;

/** All changes of a file, in its order. */
export function mutantsOf(file: string, text: string): Mutant[] {
  return changesOf(parseAst(text, { lang: 'ts' }), text)
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ start, end, after }) => {
      const lineStart = text.lastIndexOf('\n', start - 1) + 1;
      const lineEnd = text.indexOf('\n', start);
      return {
        file,
        line: text.slice(0, start).split('\n').length,
        text: text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trim(),
        change: `${shortened(text.slice(start, end))} → ${after}`,
        after,
        start,
        end,
      };
    });
}

export function isSame(a: Place, b: Place): boolean {
  return a.file === b.file && a.text === b.text && a.change === b.change;
}

/** The text of the file with the change. */
export function mutate(text: string, { start, end, after }: Mutant): string {
  return text.slice(0, start) + after + text.slice(end);
}

function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

function changesOf(node: unknown, text: string): Change[] {
  if (Array.isArray(node)) return node.flatMap((item) => changesOf(item, text));
  if (typeof node !== 'object' || node === null || !('type' in node)) return [];
  const syntax = node as SyntaxNode;
  // Types are erased; of `a as B`, `a satisfies B` and `a!` the expression is not.
  if (syntax.type.startsWith('TS')) return changesOf(syntax.expression, text);
  if (syntax.type === 'ImportDeclaration') return [];
  return [
    ...(kinds[syntax.type]?.(syntax, text) ?? []),
    ...Object.values(node).flatMap((child) => changesOf(child, text)),
  ];
}

type Kind = (node: SyntaxNode, text: string) => readonly Change[];

const operation: Kind = ({ left, right, operator = '' }, text) => {
  if (left === undefined || right === undefined) return [];
  if (operator === '??') return [{ start: left.end, end: right.end, after: '' }];
  const start = text.indexOf(operator, left.end);
  return (operators[operator] ?? []).map((after) => ({ start, end: start + operator.length, after }));
};

/** Both outcomes of a condition. */
const condition: Kind = ({ test }) =>
  test ? ['true', 'false'].map((after) => ({ start: test.start, end: test.end, after })) : [];

/** An empty body. */
const callable: Kind = ({ body }, text) =>
  body?.type === 'BlockStatement' && text.slice(body.start + 1, body.end - 1).trim() !== ''
    ? [{ start: body.start, end: body.end, after: '{}' }]
    : [];

const kinds: Readonly<Record<string, Kind>> = {
  BinaryExpression: operation,
  LogicalExpression: operation,
  AssignmentExpression: operation,
  IfStatement: condition,
  ConditionalExpression: condition,
  WhileStatement: condition,
  FunctionDeclaration: callable,
  FunctionExpression: callable,
  ArrowFunctionExpression: callable,
  /** The statement is removed. */
  ExpressionStatement: ({ start, end, directive }) => (directive ? [] : [{ start, end, after: '{}' }]),
  /** The negation is dropped. */
  UnaryExpression: ({ start, argument, operator }) =>
    operator === '!' && argument ? [{ start, end: argument.start, after: '' }] : [],
  UpdateExpression: ({ start, end, operator = '' }, text) => {
    const after = text.slice(start, end).replace(operator, operator === '++' ? '--' : '++');
    return [{ start, end, after }];
  },
  Literal: ({ start, end, value }, text) => {
    if (typeof value === 'boolean') return [{ start, end, after: String(!value) }];
    if (typeof value === 'number') return [{ start, end, after: String(value + 1) }];
    return typeof value === 'string' ? wordChanges(text.slice(start, end), start) : [];
  },
  TemplateElement: ({ start, end }, text) => wordChanges(text.slice(start, end), start),
};

/** Operators in a statement, or of a query builder, which takes them as strings of their own. */
function wordChanges(text: string, offset: number): Change[] {
  const own = /^'([<>]=?)'$/.exec(text)?.[1];
  if (own !== undefined) {
    return (words[own] ?? []).map((after) => ({
      start: offset,
      end: offset + text.length,
      after: `'${after}'`,
    }));
  }
  if (!statement.test(text)) return [];
  return [...text.matchAll(wordPattern)].flatMap(({ index, 1: word = '' }) =>
    (words[word] ?? []).map((after) => ({
      start: offset + index + 1,
      end: offset + index + 1 + word.length,
      after,
    })),
  );
}
