import { jsonSchema } from './json-schema.ts';

/** A string of a fixed list. */
export function choice<const Value extends string>(
  values: readonly Value[],
  options: { readonly description: string },
) {
  return jsonSchema<Value>({ type: 'string', enum: [...values], ...options });
}
