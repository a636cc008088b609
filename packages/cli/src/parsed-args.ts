import { UsageError } from './command-errors.ts';

/** The arguments and flags of one invocation. */
export class ParsedArgs {
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
    if (value === undefined) throw new UsageError(`${name} is required.`);
    return value;
  }

  isOn(flag: string): boolean {
    return this.#flags[flag] === true;
  }

  /** The last value, when the flag was given several times. */
  text(flag: string): string | undefined {
    return this.list(flag)?.at(-1);
  }

  list(flag: string): readonly string[] | undefined {
    const values = this.#flags[flag];
    return values === true ? undefined : values;
  }

  required(flag: string): string {
    const value = this.text(flag);
    if (value === undefined || value.trim() === '') throw new UsageError(`--${flag} is required.`);
    return value;
  }

  /** A whole number, 0 or greater. */
  wholeNumber(flag: string): number | undefined {
    const value = this.text(flag);
    return value === undefined ? undefined : parseWholeNumber(`--${flag}`, value);
  }
}

export function parseWholeNumber(name: string, value: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new UsageError(`${name} must be a whole number (is '${value}').`);
}
