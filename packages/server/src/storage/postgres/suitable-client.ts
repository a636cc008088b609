import type { Client } from 'pg';
import { connectDedicated } from './connections.ts';
import { refuseTransactionPooling } from './pooler-check.ts';
import { checkServer } from './server-check.ts';

/**
 * Connects to a database that unkey-ts can work with, without a statement timeout: migrations, also those of other
 * processes, take time. Throws a `StorageUnavailableError` or an `UnsuitableDatabaseError`. The caller ends the client.
 */
export async function connectSuitable(url: string, name?: string): Promise<Client> {
  const client = await connectDedicated(url, name);
  try {
    const other = await connectDedicated(url, name);
    try {
      await refuseTransactionPooling(client, other);
    } finally {
      await end(other);
    }
    await checkServer(client);
    return client;
  } catch (error) {
    await end(client);
    throw error;
  }
}

/** Runs `work` with such a client, and ends it. `name`: as with `connectSuitable`. */
export async function withSuitableClient<Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
  name?: string,
): Promise<Result> {
  const client = await connectSuitable(url, name);
  try {
    return await work(client);
  } finally {
    await end(client);
  }
}

async function end(client: Client): Promise<void> {
  await client.end().catch(() => {});
}
