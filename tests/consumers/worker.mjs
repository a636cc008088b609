// workerd: bundled, without `process` and without an environment.
import { entries } from './entries-web.mjs';
import { program } from './program.mjs';
import { world } from './world.mjs';

export default {
  async fetch() {
    try {
      if (globalThis.process !== undefined) throw new Error('There is a process here.');
      if (Object.values(entries).some((entry) => Object.keys(entry).length === 0)) {
        throw new Error('An entry exports nothing.');
      }
      await program(world);
      return new Response('done');
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
