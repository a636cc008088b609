import { createListener } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import type { Doors } from './in-process-fetch.ts';
import { shown } from './shown.ts';
import type { TestUnkey } from './types.ts';

export interface Listening extends Pick<TestUnkey, 'listen'> {
  close(): Promise<void>;
}

/** The port of an emulator. `doors` are read for each request: they change when it begins again. */
export function createListening(doors: () => Doors): Listening {
  let opened: Promise<{ url: string; port: number; close(): Promise<void> }> | undefined;

  async function open(host: string, port: number) {
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new EmulatorError(
        `The port is ${shown(port)}: use an integer from 0 to 65535 (0 takes any free port).`,
      );
    const listener = await createListener({
      handle: (request) => doors().handle(request),
      admitBody: (request) => doors().admitBody(request),
      failure: (kind, details) => doors().failure(kind, details),
      drainGraceMs: 50,
    });
    return { ...(await listener.listen(host, port)), close: () => listener.drain() };
  }

  return {
    async listen({ host = '127.0.0.1', port: wanted = 0 } = {}) {
      opened ??= open(host, wanted);
      const { url, port } = await opened.catch((error) => {
        opened = undefined;
        throw error;
      });
      return { url, port };
    },
    async close() {
      await (await opened)?.close();
    },
  };
}
