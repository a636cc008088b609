import { Emulator } from './emulator.ts';
import { inProcessFetch } from './in-process-fetch.ts';
import { keySteps } from './key-steps.ts';
import { createListening } from './listening.ts';
import { checkOptions } from './options.ts';
import { emulatorRootKey } from './root-key.ts';
import type { TestUnkey, TestUnkeyOptions } from './types.ts';

/**
 * The service itself, in this process: its storage is in memory, its clock and its faults are yours. Throws an
 * EmulatorError for options or a seed that cannot be used.
 */
export async function createTestUnkey(options: TestUnkeyOptions = {}): Promise<TestUnkey> {
  checkOptions(options);
  const emulator = await Emulator.open(options);
  const { clock, faults, requests, workspaceId } = emulator;
  const listening = createListening(() => emulator.doors);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  async function closeAll(): Promise<void> {
    emulator.endRequests();
    await listening.close();
    await emulator.close();
  }

  return {
    rootKey: emulatorRootKey,
    workspaceId,
    fetch: inProcessFetch(() => emulator.doors),
    clock: { now: clock.now, advance: clock.advance, set: clock.set },
    faults: { next: faults.next, add: faults.add, clear: faults.clear },
    requests,
    listen: listening.listen,
    ...keySteps(() => emulator.perform, clock),
    reset: () => emulator.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
