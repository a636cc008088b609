import type { TransferStep } from '@unkey-ts/server';
import type { Environment } from './command.ts';

const barWidth = 30;
const verbs = { copy: 'copying', compare: 'comparing' } as const;

/** Progress on standard error: a bar on a terminal, otherwise a line for every tenth. */
export function progressDisplay({
  printError,
  isErrorTerminal,
}: Pick<Environment, 'printError' | 'isErrorTerminal'>) {
  let shown = '';

  const show = ({ phase, table, done, total }: TransferStep): void => {
    const fraction = total === 0 ? 1 : Math.min(1, done / total);
    const text = isErrorTerminal
      ? `${bar(fraction)} ${percent(fraction, 1)} ${verbs[phase]} ${table}`
      : `${verbs[phase]}: ${percent(fraction, 10)}`;
    if (text === shown) return;
    // \x1b[K clears the rest of a longer line.
    printError(isErrorTerminal ? `\r${text}\x1b[K` : `${text} (${done} of ${total} rows)\n`);
    shown = text;
  };

  return {
    show,
    /** Ends the line of the bar. */
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
