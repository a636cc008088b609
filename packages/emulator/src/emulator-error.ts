/** A value that the emulator was given and cannot use. The message names it, and what is accepted. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
}
