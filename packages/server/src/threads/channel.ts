import { CountersUnavailableError } from '../counters/port.ts';
import { StorageUnavailableError } from '../storage/port/storage.ts';

type Methods<End> = { readonly [Name in keyof End]: (...args: never[]) => unknown };
type Args<Method> = Method extends (...args: infer List) => unknown ? List : never;
type Result<Method> = Method extends (...args: never[]) => infer Value ? Awaited<Value> : never;

/** A call is answered under its number; number 0 wants no answer. */
export type Message =
  | readonly ['call', number, string, readonly unknown[]]
  | readonly ['done', number, unknown]
  | readonly ['failed', number, SentError];

interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly mayBeDone: boolean;
}

interface Pending {
  resolve(result: never): void;
  reject(error: unknown): void;
}

/** One end of a connection between two threads; `Other` has the methods of the other end. */
export interface Channel<Other> {
  call<Name extends keyof Other & string>(
    name: Name,
    ...args: Args<Other[Name]>
  ): Promise<Result<Other[Name]>>;
  /** Calls without waiting for an answer. */
  tell<Name extends keyof Other & string>(name: Name, ...args: Args<Other[Name]>): void;
  receive(messages: readonly Message[]): void;
  /** Calls without an answer. */
  waiting(): number;
  /** Rejects every call that has no answer. */
  end(error: Error): void;
}

export interface ChannelOptions {
  readonly post: (messages: readonly Message[]) => void;
  /** Told when there are calls without an answer, and when there are none. */
  readonly onWaiting?: (isWaiting: boolean) => void;
}

/**
 * Sends what is called during a turn of the event loop as one message. Calls and answers arrive in the order in which they
 * were sent.
 */
export function createChannel<Own extends Methods<Own>, Other extends Methods<Other>>(
  own: Own,
  { post, onWaiting = () => {} }: ChannelOptions,
): Channel<Other> {
  let outbox: Message[] = [];
  let lastCall = 0;
  const pending = new Map<number, Pending>();

  const flush = () => {
    const messages = outbox;
    outbox = [];
    post(messages);
  };
  const send = (message: Message) => {
    if (outbox.push(message) === 1) setImmediate(flush);
  };
  const settle = (call: number): Pending | undefined => {
    const waiting = pending.get(call);
    if (pending.delete(call) && pending.size === 0) onWaiting(false);
    return waiting;
  };

  /** A method that fails where nobody waits for its answer fails in its thread. */
  const run = (call: number, name: string, args: readonly unknown[]): void => {
    // The other end's types have checked name and arguments.
    const method = own[name as keyof Own] as unknown as (...args: readonly unknown[]) => unknown;
    if (call === 0) return void method(...args);
    // A method that throws at once must not lose the messages behind it.
    new Promise((resolve) => resolve(method(...args))).then(
      (result) => send(['done', call, result]),
      (error) => send(['failed', call, sentError(error)]),
    );
  };

  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        lastCall++;
        if (pending.size === 0) onWaiting(true);
        pending.set(lastCall, { resolve, reject });
        send(['call', lastCall, name, args]);
      }),
    tell: (name, ...args) => send(['call', 0, name, args]),
    receive(messages) {
      for (const message of messages) {
        const [kind, call] = message;
        if (kind === 'call') run(call, message[2], message[3]);
        else if (kind === 'done') settle(call)?.resolve(message[2] as never);
        else settle(call)?.reject(receivedError(message[2]));
      }
    },
    waiting: () => pending.size,
    end(error) {
      for (const call of [...pending.keys()]) settle(call)?.reject(error);
    },
  };
}

function sentError(error: unknown): SentError {
  if (!(error instanceof Error))
    return { name: 'Error', message: 'not an Error', stack: undefined, mayBeDone: false };
  const { name, message, stack } = error;
  return { name, message, stack, mayBeDone: error instanceof StorageUnavailableError && error.mayBeDone };
}

/** The classes that the pipeline tells apart survive the way between threads. */
function receivedError({ name, message, stack, mayBeDone }: SentError): Error {
  const error =
    name === 'StorageUnavailableError'
      ? new StorageUnavailableError(message, { mayBeDone })
      : name === 'CountersUnavailableError'
        ? new CountersUnavailableError(message)
        : new Error(message);
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return error;
}
