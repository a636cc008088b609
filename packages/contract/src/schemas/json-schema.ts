import Type, { type TUnsafe } from 'typebox';

/** A JSON Schema written out, for what the builder has no word for. `Value` must be what it describes. */
export function jsonSchema<Value>(schema: {
  readonly type: string;
  readonly [keyword: string]: unknown;
}): TUnsafe<Value> & { readonly type: string } {
  // The builder returns what it was given, `type` included, but does not say so.
  return Type.Unsafe<Value>(schema) as TUnsafe<Value> & { readonly type: string };
}
