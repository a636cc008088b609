import { Unkey } from 'unkey-ts';
import { startService } from '../quickstart/start-service.mjs';

/** A client for the service in the environment, or for one that is started for this run only. */
export async function connect() {
  if (process.env.UNKEY_ROOT_KEY) return { unkey: new Unkey(), close: async () => {} };
  const { url, rootKey, close } = await startService();
  return { unkey: new Unkey({ serverURL: url, rootKey }), close };
}
