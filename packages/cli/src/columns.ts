import { displayWidth, onOneLine } from './terminal-text.ts';

/** Rows of text, with the cells of a column aligned. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => `${cell}${' '.repeat((widths[column] ?? 0) - displayWidth(cell))}`)
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A table with a header; `(none)` when there are no rows. */
export function table(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  if (rows.length === 0) return '(none)';
  return columns([names.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(cellOf))]);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : onOneLine(String(value));
}

/** `2026-11-15T12:00:00.000Z`; null for null. */
export function timeCell(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
