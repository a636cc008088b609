import { Unkey } from 'unkey-ts';

// What Node has, in its own types, fits.
export const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY, fetch });
export const call = unkey.keys.verifyKey({ key: 'any' }, { signal: AbortSignal.timeout(1) });
