/** A code block of a page, with its hidden HTML comments. */
export interface Example {
  /** The heading above it. */
  readonly heading: string;
  /** First line of the block, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Hidden code that runs before it: `<!-- before: … -->`. */
  readonly before: string;
  /** Hidden code that runs after it and checks the result: `<!-- after: … -->`. */
  readonly after: string;
  /** Not with `<!-- types only -->`. */
  readonly isRun: boolean;
}

const block = /^```(\w*)\n([\s\S]*?)^```$/gm;
const comments = /(?:<!--(?:(?!-->)[\s\S])*-->\n)*$/;

/** Every fenced code block of a page, with the comments directly above it. */
export function examplesOf(page: string): Example[] {
  return [...page.matchAll(block)].map(({ 0: whole, 1: language = '', 2: code = '', index }) => {
    const above = page.slice(0, index);
    const [notes = ''] = comments.exec(above.slice(Math.max(0, above.lastIndexOf('\n\n')))) ?? [];
    return {
      heading: [...above.matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '',
      line: above.split('\n').length,
      language: whole.startsWith('```\n') ? '' : language,
      code,
      before: noteOf(notes, 'before:'),
      after: noteOf(notes, 'after:'),
      isRun: !notes.includes('<!-- types only -->'),
    };
  });
}

function noteOf(notes: string, name: string): string {
  const note = [...notes.matchAll(/<!--\s*([\s\S]*?)\s*-->/g)].find(([, text]) => text?.startsWith(name));
  return note?.[1]?.slice(name.length).trim() ?? '';
}

const outcome = /^(\s*)(\S.*?);?\s*\/\/ (→|throws) (.+)$/;

/**
 * The example as a module with the page's line numbers. `value; // → 1` compares, and so does
 * `console.log(value); // → 1`; `await call(); // throws NotFoundErrorResponse` must throw that.
 */
export function moduleOf({ line, code, before, after }: Example): string {
  const checked = code.split('\n').map((text, index) => {
    const [, indent, statement = '', kind, expected = ''] = outcome.exec(text) ?? [];
    const at = line + 1 + index;
    if (kind === 'throws') return `${indent}await throws('${expected}', async () => ${statement}, ${at});`;
    const value = /^console\.log\((.*)\)$/.exec(statement)?.[1] ?? statement;
    return kind ? `${indent}same(${value}, ${expected}, ${at});` : text;
  });
  const first = before.replaceAll('\n', ' ');
  return `${'\n'.repeat(line - 1)}${first}\n${checked.join('\n')}\n${after}\nexport {};\n`;
}

/** The lines of the page that promise an outcome. */
export function promisesOf({ line, code }: Example): number[] {
  return code.split('\n').flatMap((text, index) => (outcome.test(text) ? [line + 1 + index] : []));
}

/** Whether a value matches the page. `…` in a string matches any characters. */
export function isSame(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'string' && expected.includes('…')) {
    const [start = '', ...rest] = expected.split('…');
    const end = rest.at(-1) ?? '';
    return typeof actual === 'string' && actual.startsWith(start) && actual.endsWith(end);
  }
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected);
  if (typeof actual !== 'object' || actual === null) return false;
  const names = Object.keys(expected);
  return (
    Array.isArray(actual) === Array.isArray(expected) &&
    names.length === Object.keys(actual).length &&
    names.every((name) => isSame(Reflect.get(actual, name), Reflect.get(expected, name)))
  );
}
