import Type from 'typebox';
import { operation } from '../operation.ts';

export const liveness = operation({
  id: 'liveness',
  method: 'GET',
  mode: 'read',
  summary: 'Say that the service is up',
  description: 'Needs no root key, costs nothing and touches no store: made for load balancers and monitors.',
  input: null,
  output: Type.Object({ message: Type.String({ description: 'Always `OK`.' }) }),
  isPaged: false,
  access: 'public',
  errors: [],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: null, response: { message: 'OK' } },
});
