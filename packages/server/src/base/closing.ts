/** Closes a resource. */
export type Closer = () => void | Promise<void>;

/** Closes resources in reverse order of opening. A failure does not stop the others; the first one is thrown at the end. */
export async function closeAll(closers: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
