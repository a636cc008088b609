import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { apiId } from '../schemas/api.ts';
import { empty } from '../schemas/empty.ts';

export const deleteApi = operation({
  id: 'apis.deleteApi',
  method: 'POST',
  mode: 'write',
  summary: 'Delete an API and all its keys',
  description: `Verifications of the API's keys return \`NOT_FOUND\` from now on. This cannot be undone.

An API that is protected against deletion is refused with 412 until the protection is removed.
The permission is checked first: without it the response is 403, whether or not the API exists.`,
  input: Type.Object({ apiId }, { additionalProperties: false }),
  output: empty,
  isPaged: false,
  access: [{ requires: anyOf('api.*.delete_api', 'api.{apiId}.delete_api') }],
  errors: ['unkey/data/api_not_found', 'unkey/application/protected_resource'],
  audit: ['api.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { apiId: 'api_Xy3kQ9v1p' }, response: {} },
});
