import type { Column, Columns, ColumnType, RecordOf } from '../port/columns.ts';

interface StoredTypes {
  text: string;
  integer: number;
  flag: number;
  json: string;
}

/** A row as the database holds it. */
export type RowOf<Declared extends Columns> = {
  [Name in keyof Declared]: Declared[Name] extends Column<infer Value, infer Type>
    ? StoredTypes[Type] | (null extends Value ? null : never)
    : never;
};

type StoredValue = string | number | null;

const encoders: Readonly<Record<ColumnType, (value: unknown) => StoredValue>> = {
  text: (value) => value as string,
  integer: (value) => value as number,
  flag: Number,
  json: (value) => JSON.stringify(value),
};

const decoders: Readonly<Record<ColumnType, (stored: StoredValue) => unknown>> = {
  text: (stored) => stored,
  integer: (stored) => stored,
  flag: (stored) => stored === 1,
  json: (stored) => JSON.parse(String(stored)),
};

/** The columns of the members that are present. Members without a column are left out. */
export function encode<Declared extends Columns, Given extends Partial<RecordOf<Declared>>>(
  columns: Declared,
  record: Given,
): Pick<RowOf<Declared>, keyof Declared & keyof Given> {
  const row: Record<string, StoredValue> = {};
  for (const [name, { type }] of Object.entries(columns)) {
    const value = (record as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) row[name] = value === null ? null : encoders[type](value);
  }
  // The loop gives each column the type that the declaration says.
  return row as Pick<RowOf<Declared>, keyof Declared & keyof Given>;
}

/** The record in a row. Columns that are not declared are left out. */
export function decode<Declared extends Columns>(
  columns: Declared,
  row: Readonly<RowOf<Declared>>,
): RecordOf<Declared> {
  const record: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(columns)) {
    const stored = (row as Readonly<Record<string, StoredValue>>)[name] ?? null;
    record[name] = stored === null ? null : decoders[type](stored);
  }
  // Only `encode` and the migrations write the columns.
  return record as RecordOf<Declared>;
}
