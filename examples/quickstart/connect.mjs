import { startService } from './start-service.mjs';

/** The service of UNKEY_URL and UNKEY_ROOT_KEY, or one that is started for this run only. */
export async function connect() {
  const { UNKEY_URL, UNKEY_ROOT_KEY } = process.env;
  if (UNKEY_URL && !UNKEY_ROOT_KEY) throw new Error('UNKEY_URL is set: set UNKEY_ROOT_KEY, too.');
  const service = UNKEY_URL
    ? { url: UNKEY_URL, rootKey: UNKEY_ROOT_KEY, close: async () => {} }
    : await startService();
  return { ...service, call: (operation, body) => callOperation(service, operation, body) };
}

/** Every operation is a POST with a JSON body; the result is in `data`. */
async function callOperation({ url, rootKey }, operation, body) {
  const response = await fetch(`${url}/v2/${operation}`, {
    method: 'POST',
    redirect: 'error', // the root key must not reach another host
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rootKey}` },
    body: JSON.stringify(body),
  });
  const { data, error, meta } = await response.json();
  if (response.ok) return data;
  throw new Error(
    `${operation} returned ${error.status} (${error.type}): ${error.detail} [${meta.requestId}]`,
  );
}
