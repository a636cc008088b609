import type { Compilable, CompiledQuery } from 'kysely';
import type { Database } from './tables.ts';

/** A statement whose rows and count nobody needs: the next one may be sent before it is done. */
export interface Performed extends CompiledQuery {
  readonly isPerformed: true;
}

export function isPerformed(query: CompiledQuery): query is Performed {
  return 'isPerformed' in query;
}

/** Executes a change without a result. Its failure may be thrown by a later statement of the transaction, or its end. */
export function perform(db: Database, statement: Compilable): Promise<void> {
  return performCompiled(db, statement.compile());
}

export async function performCompiled(db: Database, query: CompiledQuery): Promise<void> {
  const performed: Performed = { ...query, isPerformed: true };
  await db.executeQuery(performed);
}
