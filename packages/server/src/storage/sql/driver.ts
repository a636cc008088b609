import type { DatabaseConnection, Driver } from 'kysely';

/** Kysely's way to a connection that somebody else opens, begins, ends and closes. */
export function driverOver(connection: DatabaseConnection): Driver {
  const unsupported = async (): Promise<never> => {
    throw new Error('Transactions are begun on the connection, not through Kysely.');
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: unsupported,
    commitTransaction: unsupported,
    rollbackTransaction: unsupported,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}
