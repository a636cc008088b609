import type { TransferSource, TransferTarget } from './connection.ts';
import { openSqliteSource, openSqliteTarget } from './sqlite.ts';
import { type TransferReport, type TransferStep, transfer } from './transfer.ts';

/** A data folder, or a PostgreSQL database. */
export type TransferPlace =
  | { readonly dataDir: string }
  /** `name` stands for the URL in messages: there may be a password in it. */
  | { readonly url: string; readonly name: string };

/**
 * Copies all data to a place that is empty or holds the part that an earlier run copied. Throws a `TransferError` that
 * gives the remedy; the source is not changed.
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

// The PostgreSQL driver is loaded only when it is used.

async function openSource(place: TransferPlace): Promise<TransferSource> {
  if ('dataDir' in place) return openSqliteSource(place.dataDir);
  return (await import('./postgres.ts')).openPostgresSource(place);
}

async function openTarget(place: TransferPlace): Promise<TransferTarget> {
  if ('dataDir' in place) return openSqliteTarget(place.dataDir);
  return (await import('./postgres.ts')).openPostgresTarget(place);
}
