/**
 * What finding a key does to it. `update`: nobody else changes it until the transaction ends, not even a spend.
 * A database with one writer needs `none`.
 */
export type RowLock = 'none' | 'update';
