declare const brand: unique symbol;

/** A value that this version does not know. */
export type Unrecognized<Value> = Value & { [brand]: 'unrecognized' };

/** The values of a table, or one that a newer service has added. */
export type OpenEnum<Values extends Readonly<Record<string, string>>> =
  | Values[keyof Values]
  | Unrecognized<string>;

/** The values of a table. */
export type ClosedEnum<Values extends Readonly<Record<string, string>>> = Values[keyof Values];
