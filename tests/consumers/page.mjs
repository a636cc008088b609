// A browser, with the unbundled files of the package. Sends the result to the harness.
async function outcome() {
  try {
    if (globalThis.process !== undefined) throw new Error('There is a process here.');
    const [{ entries }, { program }, { world }] = await Promise.all([
      import('./entries-web.mjs'),
      import('./program.mjs'),
      import('./world.mjs'),
    ]);
    if (Object.values(entries).some((entry) => Object.keys(entry).length === 0)) {
      throw new Error('An entry exports nothing.');
    }
    // The API has the same origin as the page.
    await program({ ...world, url: location.origin });
    return 'done';
  } catch (error) {
    return error.stack;
  }
}

await fetch('/outcome', { method: 'POST', body: await outcome() });
