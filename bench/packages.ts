import { resolve } from 'node:path';

// All of these run at the repository root.

/** The client as it is published, made by `npm run bench`. Programs in this folder resolve it by name. */
export const packedClient = resolve('build/unkey-ts');

/** The published client and its dependency, as npm installs them. */
export const theirFolders = [resolve('node_modules/@unkey/api'), resolve('node_modules/zod')] as const;

/** The TypeScript compiler of the repository. */
export const compiler = resolve('node_modules/typescript/bin/tsc');
