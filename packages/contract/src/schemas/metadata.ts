import { jsonSchema } from './json-schema.ts';

/** The customer's own data of a key or an identity. */
export const metadata = jsonSchema<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  maxProperties: 100,
  description: 'Your own metadata: any JSON object with at most 100 properties and 1 MiB.',
});

/** Metadata in a response, without bounds. */
export const metadataOut = jsonSchema<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'Your own metadata. Absent: none.',
});
