import { jsonSchema } from './json-schema.ts';

/** Whatever the customer wants to keep with a key or an identity. */
export const metadata = jsonSchema<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  maxProperties: 100,
  description: 'Data of your own: any JSON object with at most 100 members, at most 1 MiB as JSON.',
});

/** The same in an answer, where its size is no concern. */
export const metadataOut = jsonSchema<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'The data that you stored. Absent when there is none.',
});
