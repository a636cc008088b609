import Type from 'typebox';
import { idAlphabet } from './pattern.ts';

/** Names an API that exists, in the operations on APIs. */
export const apiId = Type.String({
  minLength: 8,
  maxLength: 255,
  pattern: idAlphabet.pattern,
  description: 'Id of the API, `api_…`.',
});

export const apiName = Type.String({
  minLength: 3,
  maxLength: 256,
  description: 'Name of the API, for people. Any characters; need not be unique.',
});
