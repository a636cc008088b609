import Type, { type Static, type TSchema, type TUnsafe } from 'typebox';

/** The schema, or null. */
export function nullable<Schema extends TSchema & { readonly type: string }>(
  schema: Schema,
  description: string,
): TUnsafe<Static<Schema> | null> {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'], description });
}
