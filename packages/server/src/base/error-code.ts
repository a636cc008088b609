/** The `code` of an error of Node, SQLite or PostgreSQL, for example `ENOENT`; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  // Not `instanceof Error`: test runners load modules in a context that has another class of this name than Node.
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : undefined;
}
