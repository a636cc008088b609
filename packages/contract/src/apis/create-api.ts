import Type from 'typebox';
import { operation } from '../operation.ts';
import { apiId, apiName } from '../schemas/api.ts';

export const createApi = operation({
  id: 'apis.createApi',
  method: 'POST',
  mode: 'write',
  summary: 'Create an API',
  description: `An API is a group of keys: one for each product, or one for each environment.

Every call creates a new API, even if one with the same name exists.`,
  input: Type.Object({ name: apiName }, { additionalProperties: false }),
  output: Type.Object({ apiId }, { additionalProperties: false }),
  isPaged: false,
  access: [{ requires: 'api.*.create_api' }],
  errors: [],
  audit: ['api.create'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: { request: { name: 'payments-production' }, response: { apiId: 'api_Xy3kQ9v1p' } },
});
