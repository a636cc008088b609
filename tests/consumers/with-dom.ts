import { Unkey } from 'unkey-ts';

// The types of browsers and workers are accepted.
export const unkey = new Unkey({ rootKey: 'any', fetch, hooks: { afterResponse: () => undefined } });
export const call = unkey.keys.verifyKey({ key: 'any' }, { signal: AbortSignal.timeout(1) });
export const headers: Promise<Headers | undefined> = call
  .withResponse()
  .then(({ response }) => new Headers({ id: response.headers.get('x-request-id') ?? '' }));
