// Node, Bun and Deno, as ES modules.
import { entries } from './entries.mjs';
import { program } from './program.mjs';
import { world } from './world.mjs';

await program(world);
for (const [name, entry] of Object.entries(entries)) {
  if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing.`);
}
console.log('done');
