import Type from 'typebox';
import { operation } from '../operation.ts';

export const liveness = operation({
  id: 'liveness',
  method: 'GET',
  mode: 'read',
  summary: 'Check that the service is up',
  description: 'For load balancers and monitors. Requires no root key and does not access the database.',
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
