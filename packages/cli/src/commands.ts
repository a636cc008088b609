import type { Command } from './command.ts';
import { serveCommand } from './serve.ts';

/** Every command: the help, the parser and the dispatcher follow from it. */
export const commands: readonly Command[] = [serveCommand];
