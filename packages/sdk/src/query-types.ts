// A parser of permission queries for the compiler. The grammar is that of `generated/permission-query.ts`.

/** What is wrong with a literal query, in words; never: nothing, or the text is not known to the compiler. */
export type QueryProblem<Query extends string, Slug> = string extends Query
  ? never
  : ProblemIn<Words<Spaced<Query>>, Slug>;

/** Parentheses become words of their own. */
type Spaced<Text extends string> = Replaced<
  Replaced<Replaced<Replaced<Text, '(', ' \f '>, ')', ' \r '>, '\n', ' '>,
  '\t',
  ' '
>;

type Replaced<
  Text extends string,
  From extends string,
  To extends string,
  Done extends string = '',
> = Text extends `${infer Before}${From}${infer After}`
  ? Replaced<After, From, To, `${Done}${Before}${To}`>
  : `${Done}${Text}`;

type Words<Text extends string, Done extends string[] = []> = Text extends `${infer Word} ${infer Rest}`
  ? Words<Rest, Word extends '' ? Done : [...Done, Word]>
  : Text extends ''
    ? Done
    : [...Done, Text];

type IsOperator<Word extends string> = Uppercase<Word> extends 'AND' | 'OR' ? true : false;

/** Reads the words from left to right: `Expects` is what may come next, `Open` has an item for each open parenthesis. */
type ProblemIn<
  Rest extends string[],
  Slug,
  Expects extends 'permission' | 'operator' = 'permission',
  Open extends unknown[] = [],
> = Rest extends [infer Word extends string, ...infer After extends string[]]
  ? Expects extends 'permission'
    ? Word extends '\f'
      ? ProblemIn<After, Slug, 'permission', [...Open, Word]>
      : Word extends '\r'
        ? "A permission is missing before ')'"
        : IsOperator<Word> extends true
          ? `A permission is missing before ${Word}`
          : Word extends Slug
            ? ProblemIn<After, Slug, 'operator', Open>
            : `Unknown permission '${Word}': add it to Register.permissions`
    : IsOperator<Word> extends true
      ? ProblemIn<After, Slug, 'permission', Open>
      : Word extends '\r'
        ? Open extends [unknown, ...infer Outer]
          ? ProblemIn<After, Slug, 'operator', Outer>
          : "A ')' has no '('"
        : `AND or OR is missing before ${Word extends '\f' ? "'('" : `'${Word}'`}`
  : Expects extends 'permission'
    ? 'A permission is missing at the end of the query'
    : Open extends []
      ? never
      : "A '(' is not closed";
