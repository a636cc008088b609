import type { Counters, RememberedAnswer } from './port.ts';

interface Entry extends RememberedAnswer {
  readonly expiresAt: number;
}

interface Run {
  readonly ended: Promise<void>;
  end(): void;
}

/** Bounds of what is remembered; beyond them the oldest answers go. */
export interface AnswerBounds {
  readonly answers: number;
  /** Characters of all answers together. */
  readonly characters: number;
}

const usualBounds: AnswerBounds = { answers: 100_000, characters: 64 * 1024 * 1024 };

export interface MemoryAnswers extends Pick<Counters, 'claim' | 'remember' | 'release'> {
  dropExpired(now: number): void;
  clear(): void;
  size(): number;
}

/** Answers in this process's memory, for calls that come again within a minute. */
export function memoryAnswers(bounds = usualBounds): MemoryAnswers {
  /** Oldest first. */
  const answers = new Map<string, Entry>();
  /** Names whose call runs, with what is to be told when it has ended. */
  const running = new Map<string, Run>();
  let characters = 0;

  const drop = (name: string): void => {
    characters -= answers.get(name)?.answer.length ?? 0;
    answers.delete(name);
  };

  const dropOldest = (): void => {
    const [oldest] = answers.keys();
    if (oldest !== undefined) drop(oldest);
  };

  // They expire in the order in which they came, but for a clock that steps back.
  const dropExpired = (now: number): void => {
    for (const [name, { expiresAt }] of answers) {
      if (expiresAt > now) break;
      drop(name);
    }
  };

  const release = (name: string): void => {
    running.get(name)?.end();
    running.delete(name);
  };

  return {
    async claim(name, now) {
      dropExpired(now);
      // Of several that have waited, the first one here claims, and the others wait again.
      for (let before = running.get(name); before !== undefined; before = running.get(name)) {
        await before.ended;
      }
      const known = answers.get(name);
      if (known !== undefined && known.expiresAt > now) return known;
      running.set(name, newRun());
      return null;
    },
    remember(name, { fingerprint, answer }, expiresAt) {
      drop(name);
      answers.set(name, { fingerprint, answer, expiresAt });
      characters += answer.length;
      while (answers.size > bounds.answers || characters > bounds.characters) dropOldest();
      release(name);
    },
    release,
    dropExpired,
    clear() {
      answers.clear();
      characters = 0;
      for (const name of running.keys()) release(name);
    },
    size: () => answers.size,
  };
}

function newRun(): Run {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end: () => end() };
}
