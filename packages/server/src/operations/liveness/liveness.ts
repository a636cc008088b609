import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';

export const liveness = handlerOf(operations.liveness, {
  locate: locateNothing,
  act: () => ({ data: { message: 'OK' } }),
});
