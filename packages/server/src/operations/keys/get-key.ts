import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { presentKey, withoutAbsent } from '../present.ts';
import { Refusal } from '../refusal.ts';
import { conditionsOfSecret, decryptKey, refuseWithoutMasterKey } from './key-encryption.ts';
import { locateKey } from './locate-key.ts';

export const getKey = handlerOf(operations['keys.getKey'], {
  async locate(context, input) {
    const located = await locateKey(context, input);
    if (located instanceof Refusal) return located;
    return { ...located, conditions: input.decrypt ? conditionsOfSecret(context, 'decrypt') : [] };
  },
  async act(context, { decrypt = false }, { key }) {
    const refusal = decrypt ? refuseWithoutMasterKey(context) : null;
    if (refusal) return refusal;
    const plaintext = decrypt ? await decryptKey(context, key) : null;
    if (plaintext instanceof Refusal) return plaintext;
    return { data: { ...presentKey(context, key), ...withoutAbsent({ plaintext }) } };
  },
});
