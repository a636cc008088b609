/** How a value is stored: a flag as 0 or 1, JSON as text. */
export type ColumnType = 'text' | 'integer' | 'flag' | 'json';

/** One column of a table, and with it one member of the records that the table holds. */
export interface Column<Value = unknown, Type extends ColumnType = ColumnType> {
  readonly type: Type;
  readonly isNullable: boolean;
  /** Never set: it carries the type of the member. */
  readonly value?: Value;
}

export type Columns = Readonly<Record<string, Column>>;

/** The record that has these columns as its members. */
export type RecordOf<Declared extends Columns> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Column<infer Value> ? Value : never;
};

export const text: Column<string, 'text'> = { type: 'text', isNullable: false };
/** Also times, in Unix milliseconds. */
export const integer: Column<number, 'integer'> = { type: 'integer', isNullable: false };
export const flag: Column<boolean, 'flag'> = { type: 'flag', isNullable: false };

export function json<Value>(): Column<Value, 'json'> {
  return { type: 'json', isNullable: false };
}

export function nullable<Value, Type extends ColumnType>({
  type,
}: Column<Value, Type>): Column<Value | null, Type> {
  return { type, isNullable: true };
}
