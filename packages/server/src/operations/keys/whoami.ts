import { operations } from '@unkey-ts/contract';
import { hashKey } from '../../domain/keys/key-material.ts';
import { handlerOf } from '../handler.ts';
import { presentKey } from '../present.ts';
import { refuseAbsent } from '../refusal.ts';
import { locatedKey } from './locate-key.ts';

export const whoami = handlerOf(operations['keys.whoami'], {
  async locate({ store, workspaceId }, input) {
    const key = await store.keys.findByHash(workspaceId, hashKey(input.key));
    return key === null ? refuseAbsent('unkey/data/key_not_found') : locatedKey(key);
  },
  act: (context, _input, { key }) => ({ data: presentKey(context, key) }),
});
