import type { TransferStep } from '@unkey-ts/server';
import type { Surroundings } from './command.ts';

const barWidth = 30;
const verbs = { copy: 'copying', compare: 'comparing' } as const;

/** How far a long work is, on standard error: a bar for people, otherwise a line at each tenth. */
export function progressDisplay({
  printError,
  isErrorTerminal,
}: Pick<Surroundings, 'printError' | 'isErrorTerminal'>) {
  let shown = '';

  const show = ({ phase, table, done, total }: TransferStep): void => {
    const fraction = total === 0 ? 1 : Math.min(1, done / total);
    const text = isErrorTerminal
      ? `${bar(fraction)} ${percent(fraction, 1)} ${verbs[phase]} ${table}`
      : `${verbs[phase]}: ${percent(fraction, 10)}`;
    if (text === shown) return;
    // \x1b[K clears what a longer line has left.
    printError(isErrorTerminal ? `\r${text}\x1b[K` : `${text} (${done} of ${total} rows)\n`);
    shown = text;
  };

  return {
    show,
    /** Leaves the bar behind: what is printed next stands on a line of its own. */
    end() {
      if (isErrorTerminal && shown !== '') printError('\n');
    },
  };
}

function bar(fraction: number): string {
  const filled = Math.floor(fraction * barWidth);
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`;
}

function percent(fraction: number, step: number): string {
  return `${Math.floor((fraction * 100) / step) * step}%`.padStart(4);
}
