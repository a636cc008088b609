// Node, as CommonJS.
const { entries } = require('./entries.cjs');
const { program } = require('./program.cjs');
const { world } = require('./world.cjs');

program(world).then(() => {
  for (const [name, entry] of Object.entries(entries)) {
    if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing.`);
  }
  console.log('done');
});
