import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A file's content, or a folder's names: after this a power cut takes nothing of it back. */
export function syncToDisk(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
