/** Names are `camelCase` here and `snake_case` in the database. */

const stored = new Map<string, string>();
const ours = new Map<string, string>();

/** `camelCase` as `snake_case`. */
export type StoredName<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Uppercase<First> ? `_${Lowercase<First>}` : First}${StoredName<Rest>}`
  : '';

/** The name in the database. */
export function storedName(name: string): string {
  return memoized(stored, name, () => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** The name in this code. */
export function ownName(name: string): string {
  return memoized(ours, name, () => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

/** Makes objects of rows that are lists of values in the order of the columns. */
export function namedRows<Row>(names: readonly string[], rows: readonly (readonly unknown[])[]): Row[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = values[index];
    // Only the query itself knows the type of its rows.
    return row as Row;
  });
}

/** Unbounded: there are as many names as tables and columns. */
function memoized(names: Map<string, string>, name: string, make: () => string): string {
  let made = names.get(name);
  if (made === undefined) {
    made = make();
    names.set(name, made);
  }
  return made;
}
