import { Unkey } from 'unkey-ts';

// What a browser and a worker have fits.
export const unkey = new Unkey({ rootKey: 'any', fetch, hooks: { afterResponse: () => undefined } });
export const call = unkey.keys.verifyKey({ key: 'any' }, { signal: AbortSignal.timeout(1) });
export const headers: Promise<Headers | undefined> = call
  .withResponse()
  .then(({ response }) => new Headers({ id: response.headers.get('x-request-id') ?? '' }));
