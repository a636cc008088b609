import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { CountersUnavailableError } from '../counters/port.ts';
import { StorageUnavailableError } from '../storage/port/storage.ts';
import { type Channel, createChannel, type Message } from './channel.ts';

interface Far {
  double(number: number): Promise<number>;
  note(word: string): void;
  fail(error: 'storage' | 'counters' | 'other'): Promise<void>;
  failAtOnce(): void;
  never(): Promise<void>;
}

const failures = {
  storage: new StorageUnavailableError('The disk is full.', { mayBeDone: true }),
  counters: new CountersUnavailableError('Redis is away.'),
  other: new RangeError('A fault.'),
};

let close = () => {};
afterEach(() => close());

function connect() {
  const { port1, port2 } = new MessageChannel();
  const notes: string[] = [];
  const batches: number[] = [];
  const waiting: boolean[] = [];
  const far: Far = {
    double: async (number) => number * 2,
    note: (word) => void notes.push(word),
    fail: async (error) => {
      throw failures[error];
    },
    failAtOnce() {
      throw failures.other;
    },
    never: () => new Promise(() => {}),
  };
  const there = createChannel<Far, object>(far, { post: (messages) => port2.postMessage(messages) });
  const here: Channel<Far> = createChannel<object, Far>(
    {},
    {
      post(messages) {
        batches.push(messages.length);
        port1.postMessage(messages);
      },
      onWaiting: (isWaiting) => void waiting.push(isWaiting),
    },
  );
  port1.on('message', (messages: readonly Message[]) => here.receive(messages));
  port2.on('message', (messages: readonly Message[]) => there.receive(messages));
  close = () => port1.close();
  return { here, notes, batches, waiting };
}

test('the calls of one turn are one message, and arrive in their order', async () => {
  const { here, notes, batches, waiting } = connect();
  here.tell('note', 'first');
  const doubled = [here.call('double', 1), here.call('double', 2)];
  here.tell('note', 'last');
  expect(await Promise.all(doubled)).toEqual([2, 4]);
  expect(notes).toEqual(['first', 'last']);
  expect(batches).toEqual([4]);
  expect(waiting).toEqual([true, false]);
});

test('an error keeps its message, and the class that decides about the response', async () => {
  const { here } = connect();
  await expect(here.call('fail', 'storage')).rejects.toMatchObject({
    name: 'StorageUnavailableError',
    message: 'The disk is full.',
    mayBeDone: true,
  });
  await expect(here.call('fail', 'counters')).rejects.toBeInstanceOf(CountersUnavailableError);
  const other = await here.call('fail', 'other').catch((error: unknown) => error);
  expect(other).toMatchObject({ message: 'A fault.', stack: failures.other.stack });
});

test('a method that throws at once fails its call only', async () => {
  const { here } = connect();
  const [failed, doubled] = await Promise.allSettled([here.call('failAtOnce'), here.call('double', 2)]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'A fault.' } });
  expect(doubled).toEqual({ status: 'fulfilled', value: 4 });
});

test('when the other end has died, all calls without an answer are rejected', async () => {
  const { here, waiting } = connect();
  const calls = [here.call('never'), here.call('never')];
  expect(here.waiting()).toBe(2);
  here.end(new Error('It has died.'));
  for (const call of calls) await expect(call).rejects.toThrow('It has died.');
  expect(waiting).toEqual([true, false]);
});
