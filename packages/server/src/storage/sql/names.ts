/** What is `camelCase` here is `snake_case` in the database. */

const stored = new Map<string, string>();
const ours = new Map<string, string>();

/** As the database names it. */
export function storedName(name: string): string {
  return remembered(stored, name, () => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** As we name it. */
export function ownName(name: string): string {
  return remembered(ours, name, () => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

/** Rows that come as lists, in the order of the columns. */
export function namedRows<Row>(names: readonly string[], rows: readonly (readonly unknown[])[]): Row[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = values[index];
    // Only the query itself knows the type of its rows.
    return row as Row;
  });
}

/** There are as many names as tables and columns. */
function remembered(names: Map<string, string>, name: string, make: () => string): string {
  let made = names.get(name);
  if (made === undefined) {
    made = make();
    names.set(name, made);
  }
  return made;
}
