import { readFileSync } from 'node:fs';

// The manifest is beside `src` and `dist` alike.
const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Of this package. */
export const version: string = (manifest as { version: string }).version;
