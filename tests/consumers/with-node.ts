import { Unkey } from 'unkey-ts';

// The types of Node are accepted.
export const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY, fetch });
export const call = unkey.keys.verifyKey({ key: 'any' }, { signal: AbortSignal.timeout(1) });
