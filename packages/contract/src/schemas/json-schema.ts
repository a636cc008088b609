import Type, { type TUnsafe } from 'typebox';

/** A JSON Schema that the builder cannot express. `Value` must be the type that it describes. */
export function jsonSchema<Value>(schema: {
  readonly type: string;
  readonly [keyword: string]: unknown;
}): TUnsafe<Value> & { readonly type: string } {
  // The builder returns its argument, with `type`, but its return type does not say so.
  return Type.Unsafe<Value>(schema) as TUnsafe<Value> & { readonly type: string };
}
