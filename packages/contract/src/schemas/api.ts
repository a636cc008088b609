import Type from 'typebox';
import { idAlphabet } from './pattern.ts';

/** Id of an existing API, in the operations on APIs. */
export const apiId = Type.String({
  minLength: 8,
  maxLength: 255,
  pattern: idAlphabet.pattern,
  description: 'Id of the API, `api_…`.',
});

export const apiName = Type.String({
  minLength: 3,
  maxLength: 256,
  description: 'Display name of the API. Any characters; need not be unique.',
});
