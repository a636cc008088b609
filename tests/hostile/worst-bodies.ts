import type { Operation } from '@unkey-ts/contract';

/** JSON texts that cost a reader the most for their size. */
export interface WorstBody {
  readonly name: string;
  readonly text: string;
}

/** Repeats a piece until the text has about `size` bytes. */
function filled(size: number, piece: string, between = ''): string {
  const count = Math.max(1, Math.floor(size / (piece.length + between.length)));
  return Array<string>(count).fill(piece).join(between);
}

function numbered(size: number, pieceOf: (index: number) => string): string {
  const pieces: string[] = [];
  for (let length = 0, index = 0; length < size; index++) {
    const piece = pieceOf(index);
    pieces.push(piece);
    length += piece.length + 1;
  }
  return pieces.join(',');
}

const nest = `${'['.repeat(200)}${']'.repeat(200)}`;

/** Values of about `size` bytes. */
const values: Readonly<Record<string, (size: number) => string>> = {
  'a text of digits': (size) => `"${filled(size, '1')}"`,
  'a text of digits in runs of 308': (size) => `"${filled(size, '1'.repeat(308), ' ')}"`,
  'numbers of 300 digits': (size) => `[${filled(size, '1'.repeat(300), ',')}]`,
  'numbers, one of them large': (size) => `[1e100,${filled(size, '1', ',')}]`,
  'numbers beyond a double': (size) => `[${filled(size, '1e999', ',')}]`,
  'numbers, the last beyond a double': (size) => `[${filled(size, '1', ',')},1e999]`,
  exponents: (size) => `"${filled(size, '1e')}"`,
  'exponents of zeros': (size) => `"${filled(size, '1e+00000')}"`,
  escapes: (size) => `"${filled(size, '\\u0041')}"`,
  'escaped zeros': (size) => `["${filled(size, '\\u0000')}"]`,
  'texts with half a pair': (size) => `[${filled(size, '"\\ud800"', ',')}]`,
  backslashes: (size) => `"${filled(size, '\\\\')}"`,
  'escaped quotes': (size) => `"${filled(size, '\\"')}"`,
  'a text of Latin letters': (size) => `"${filled(size, 'a')}"`,
  'a text of Chinese': (size) => `"${filled(size / 3, '中')}"`,
  'empty texts': (size) => `[${filled(size, '""', ',')}]`,
  slugs: (size) => `[${numbered(size, (index) => `"s${index}"`)}]`,
  'one slug': (size) => `[${filled(size, '"documents.read"', ',')}]`,
  nulls: (size) => `[${filled(size, 'null', ',')}]`,
  'empty lists': (size) => `[${filled(size, '[]', ',')}]`,
  'empty objects': (size) => `[${filled(size, '{}', ',')}]`,
  'deep lists': (size) => `[${filled(size, nest, ',')}]`,
  'one list, too deep': (size) => `${filled(size / 2, '[')}${filled(size / 2, ']')}`,
  'deep objects': (size) => `[${filled(size, `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, ',')}]`,
  'many members': (size) => `{${numbered(size, (index) => `"m${index}":1`)}}`,
  'many members with a large number': (size) => `{${numbered(size, (index) => `"m${index}":1e100`)}}`,
  'long names': (size) => `{${numbered(size, (index) => `"${'n'.repeat(1000)}${index}":1`)}}`,
  'one name again and again': (size) => `{${filled(size, '"a":1', ',')}}`,
  '__proto__ again and again': (size) => `{${filled(size, '"__proto__":{}', ',')}}`,
  'small objects': (size) => `[${filled(size, '{"a":1,"b":"x"}', ',')}]`,
  spaces: (size) => `[${' '.repeat(size)}]`,
};

/** Values that a schema has to traverse. */
const inside = ['slugs', 'numbers, one of them large', 'empty objects', 'many members', 'a text of Chinese'];

/** Worst bodies for an operation: each value as the body, and those that are looked into in each of its properties. */
export function* worstBodies(operation: Operation, size: number): Generator<WorstBody> {
  for (const [name, write] of Object.entries(values)) {
    const value = write(size);
    yield { name: `${name} as the body`, text: value };
    if (!inside.includes(name)) continue;
    for (const [place, text] of placesOf(operation, value)) yield { name: `${name} in ${place}`, text };
  }
}

function* placesOf({ input, example }: Operation, value: string): Generator<[string, string]> {
  const properties = Object.keys(Reflect.get(input ?? {}, 'properties') ?? {});
  const sample = Array.isArray(example.request) ? {} : Object(example.request);
  for (const name of ['unknown', ...properties]) {
    const rest = Object.entries(sample).filter(([other]) => other !== name);
    const members = rest.map(([other, it]) => `${JSON.stringify(other)}:${JSON.stringify(it)}`);
    yield [name, `{${[...members, `"${name}":${value}`].join(',')}}`];
  }
}
