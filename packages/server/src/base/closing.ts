/** Ends something that was opened. */
export type Closer = () => void | Promise<void>;

/** Closes what was opened last first. One that fails keeps no other open; the first failure is thrown at the end. */
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
