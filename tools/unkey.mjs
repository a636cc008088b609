import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuild, holdBuild } from './build-unkey.mjs';

// `npm start` and `npm run unkey`: runs the current build of the command, after building it if a source has changed.

const folder = await ensureBuild();
holdBuild(folder);
await import(pathToFileURL(join(folder, 'main.js')).href);
