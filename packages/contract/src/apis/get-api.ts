import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { apiId, apiName } from '../schemas/api.ts';

export const getApi = operation({
  id: 'apis.getApi',
  method: 'POST',
  mode: 'read',
  summary: 'Get an API',
  description: `Returns the name of the API.

The permission is checked first: without it the response is 403, whether or not the API exists.`,
  input: Type.Object({ apiId }, { additionalProperties: false }),
  output: Type.Object({ id: apiId, name: apiName }, { additionalProperties: false }),
  isPaged: false,
  access: [{ requires: anyOf('api.*.read_api', 'api.{apiId}.read_api') }],
  errors: ['unkey/data/api_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { apiId: 'api_Xy3kQ9v1p' },
    response: { id: 'api_Xy3kQ9v1p', name: 'payments-production' },
  },
});
