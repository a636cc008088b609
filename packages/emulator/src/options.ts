import { suggestion } from '@unkey-ts/contract';
import { systemClock } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import { shown } from './shown.ts';
import { parseMoment } from './time.ts';
import type { TestUnkeyOptions } from './types.ts';

const optionNames = ['now', 'clock', 'seed', 'determinism'];
const deterministicStart = Date.UTC(2026, 0, 1);

export function checkOptions(options: TestUnkeyOptions): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name));
  if (unknown !== undefined)
    throw new EmulatorError(
      `${shown(unknown)} is not an option: use ${optionNames.join(', ')}.${suggestion(unknown, optionNames)}`,
    );
  const { clock, determinism } = options;
  if (clock !== undefined && clock !== 'standing' && clock !== 'running')
    throw new EmulatorError(`clock is ${shown(clock)}: use 'standing' or 'running'.`);
  if (determinism !== undefined && (typeof determinism !== 'string' || determinism === ''))
    throw new EmulatorError(
      `determinism is ${shown(determinism)}: use a text, such as the name of the test.`,
    );
}

/** When the emulator's time begins, in Unix milliseconds. */
export function startOf({ now, determinism }: TestUnkeyOptions): number {
  if (now !== undefined) return parseMoment(now);
  return determinism === undefined ? systemClock.now() : deterministicStart;
}
