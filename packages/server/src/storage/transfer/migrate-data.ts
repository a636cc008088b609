import type { TransferSource, TransferTarget } from './connection.ts';
import { openSqliteSource, openSqliteTarget } from './sqlite.ts';
import { type TransferReport, type TransferStep, transfer } from './transfer.ts';

/** A data folder, or a PostgreSQL database. */
export type TransferPlace =
  | { readonly dataDir: string }
  /** `name` stands for the URL in messages: there may be a password in it. */
  | { readonly url: string; readonly name: string };

/**
 * Moves all data from one place to another, which must be empty or hold what an earlier run has left. Throws a
 * `TransferError` that says what to do; the source stays as it is.
 */
export async function migrateData(options: {
  readonly from: TransferPlace;
  readonly to: TransferPlace;
  readonly now: () => number;
  readonly onStep: (step: TransferStep) => void;
}): Promise<TransferReport> {
  const source = await openSource(options.from);
  try {
    const target = await openTarget(options.to);
    try {
      return await transfer(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

// The driver of PostgreSQL is loaded only by who uses it.

async function openSource(place: TransferPlace): Promise<TransferSource> {
  if ('dataDir' in place) return openSqliteSource(place.dataDir);
  return (await import('./postgres.ts')).openPostgresSource(place);
}

async function openTarget(place: TransferPlace): Promise<TransferTarget> {
  if ('dataDir' in place) return openSqliteTarget(place.dataDir);
  return (await import('./postgres.ts')).openPostgresTarget(place);
}
