import { setTimeout as sleep } from 'node:timers/promises';

/** Clients that repeat a step until the load is stopped, for at most three minutes. */
export interface Load {
  /** Number of steps that have ended. */
  readonly steps: number;
  /** Resolves after this many more steps. */
  more(steps: number): Promise<void>;
  /** Resolves when the last step has ended; rejects if one has thrown. */
  stop(): Promise<void>;
}

const longestMs = 180_000;

export function startLoad(clients: number, step: (client: number) => Promise<void>): Load {
  let steps = 0;
  let isStopped = false;
  const end = performance.now() + longestMs;
  const run = async (client: number): Promise<void> => {
    while (!isStopped && performance.now() < end) {
      await step(client);
      steps++;
    }
  };
  const running = Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  // It is told by `stop`.
  running.catch(() => {
    isStopped = true;
  });
  return {
    get steps() {
      return steps;
    },
    async more(count) {
      const wanted = steps + count;
      while (steps < wanted && !isStopped) {
        if (performance.now() > end) throw new Error('The load has ended by itself: it got too slow.');
        await sleep(10);
      }
    },
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
