import { createHash } from 'node:crypto';

/** A Lua script, with the digest by which a server runs a script that it has cached. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
