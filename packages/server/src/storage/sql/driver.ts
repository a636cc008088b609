import type { CompiledQuery, DatabaseConnection, Driver } from 'kysely';

/** A statement without result, for a driver that runs it once for each list of parameters. */
export interface RepeatedQuery extends CompiledQuery {
  readonly parameterLists: readonly (readonly unknown[])[];
}

/** A Kysely driver over a connection whose lifetime and transactions the caller controls. */
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
