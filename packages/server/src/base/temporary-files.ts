import { rmSync } from 'node:fs';
import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work`. If it fails, or a signal ends the process meanwhile, these files are removed. */
export async function withTemporaryFiles<Result>(
  paths: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const remove = () => {
    for (const path of paths) rmSync(path, { force: true });
  };
  const end = (signal: (typeof signals)[number]) => process.exit(128 + constants.signals[signal]);
  process.on('exit', remove);
  for (const signal of signals) process.on(signal, end);
  try {
    return await work();
  } catch (error) {
    remove();
    throw error;
  } finally {
    process.off('exit', remove);
    for (const signal of signals) process.off(signal, end);
  }
}
