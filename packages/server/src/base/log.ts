import { type DestinationStream, type Logger, pino } from 'pino';
import { errorCode } from './error-code.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type Log = Logger;

/** The loggable fields of an error, without members that libraries add (bodies, parameters, rows). */
export interface ErrorFields {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: ErrorFields;
}

const secretFields = [
  'authorization',
  'ciphertext',
  'cookie',
  'hash',
  'key',
  'masterKey',
  'plaintext',
  'rootKey',
];
const secretPaths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]);
const causesMax = 8;

/** JSON lines on stdout, or on `destination`. Secrets are replaced by `[redacted]` down to three levels. */
export function createLog(options: { level: LogLevel; destination?: DestinationStream }): Log {
  const settings = {
    level: options.level,
    base: null,
    redact: { paths: secretPaths, censor: '[redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorOrAsIs, error: errorOrAsIs },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** Writes a line that a log of another thread has made, as it is. */
export function writeLogLine(log: Log, line: string): void {
  // The library does not type where a log writes to.
  (log as unknown as Record<symbol, DestinationStream>)[pino.symbols.streamSym]?.write(line);
}

export function errorFields(error: unknown): ErrorFields {
  return fieldsWithCauses(error, causesMax);
}

function errorOrAsIs(value: unknown): unknown {
  return value instanceof Error ? errorFields(value) : value;
}

function fieldsWithCauses(error: unknown, causesLeft: number): ErrorFields {
  // A thrown value that is not an Error can be anything, for example a request body, so its text is not logged.
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const fields: ErrorFields = { type: error.name, message: error.message };
  const code = errorCode(error);
  if (code !== undefined) fields.code = code;
  if (error.stack !== undefined) fields.stack = error.stack;
  if (error.cause !== undefined && causesLeft > 0)
    fields.cause = fieldsWithCauses(error.cause, causesLeft - 1);
  return fields;
}
