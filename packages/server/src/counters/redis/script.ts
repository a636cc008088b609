import { createHash } from 'node:crypto';

/** A Lua script, and the name under which a server that has seen it runs it again. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
