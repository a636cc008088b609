import { UsageError } from './command-errors.ts';

/** What was typed after a command's name. */
export class Given {
  readonly #arguments: Readonly<Record<string, string>>;
  readonly #flags: Readonly<Record<string, readonly string[] | true>>;

  constructor(
    givenArguments: Readonly<Record<string, string>>,
    flags: Readonly<Record<string, readonly string[] | true>>,
  ) {
    this.#arguments = givenArguments;
    this.#flags = flags;
  }

  argument(name: string): string {
    const value = this.#arguments[name];
    if (value === undefined) throw new UsageError(`${name} is missing.`);
    return value;
  }

  isOn(flag: string): boolean {
    return this.#flags[flag] === true;
  }

  /** Of several values the last. */
  text(flag: string): string | undefined {
    return this.list(flag)?.at(-1);
  }

  list(flag: string): readonly string[] | undefined {
    const values = this.#flags[flag];
    return values === true ? undefined : values;
  }

  required(flag: string): string {
    const value = this.text(flag);
    if (value === undefined || value.trim() === '') throw new UsageError(`--${flag} is missing.`);
    return value;
  }

  /** A whole number that is not negative. */
  wholeNumber(flag: string): number | undefined {
    const value = this.text(flag);
    return value === undefined ? undefined : parseWholeNumber(`--${flag}`, value);
  }
}

export function parseWholeNumber(name: string, value: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new UsageError(`${name} is '${value}'; it must be a whole number.`);
}
