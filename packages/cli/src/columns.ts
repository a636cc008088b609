/** Rows of text with their cells below each other. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A table for people: names of the columns first; `(none)` when there are no rows. */
export function table(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  if (rows.length === 0) return '(none)';
  return columns([names.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(cellOf))]);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** `2026-11-15T12:00:00.000Z`; nothing for a time that is not set. */
export function timeCell(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
