/**
 * The lock that `keys.find` takes. `update`: `FOR UPDATE`, so no other transaction changes the key until this one ends.
 * `none`: for a database with a single writer.
 */
export type RowLock = 'none' | 'update';
