import { closeSync, fchmodSync, openSync } from 'node:fs';

/**
 * Creates an empty file that only its owner can read and write, whatever the umask. Does nothing if it exists, or cannot
 * be created: the open that follows says why.
 */
export function createPrivateFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch {
    return;
  }
  fchmodSync(file, 0o600);
  closeSync(file);
}
