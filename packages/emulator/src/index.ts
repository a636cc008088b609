export { createTestUnkey } from './create-test-unkey.ts';
export { EmulatorError } from './emulator-error.ts';
export { emulatorRootKey } from './root-key.ts';
export type * from './types.ts';
