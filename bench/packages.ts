import { resolve } from 'node:path';

// Everything here is run at the repository's root.

/** The client as it is published; `npm run bench` makes it. Whatever runs in here finds it by its name. */
export const packedClient = resolve('build/unkey-ts');

/** The published client and its dependency, as npm installs them. */
export const theirFolders = [resolve('node_modules/@unkey/api'), resolve('node_modules/zod')] as const;

/** The TypeScript compiler of the repository. */
export const compiler = resolve('node_modules/typescript/bin/tsc');
