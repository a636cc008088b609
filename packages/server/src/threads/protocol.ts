import type { EventLoopDelay } from '../base/event-loop.ts';
import type { HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { LogLevel } from '../base/log.ts';
import type { Config } from '../config.ts';
import type { ConsumeResult } from '../counters/port.ts';
import type { LimitCheck } from '../domain/ratelimit/window.ts';
import type { JobStats } from '../jobs/port.ts';
import type { Commands } from '../storage/port/commands.ts';
import type { SpendOrder, Spent, StorageStats } from '../storage/port/storage.ts';

/** A request on its way to the storage thread. */
export interface ForwardedRequest extends HttpRequest {
  /** When it arrived, by the clock of `sharedTime`. */
  readonly arrivedAt: number;
  /** Unix milliseconds: the clock of the main thread. */
  readonly now: number;
}

/** What the storage thread does for the main thread. */
export interface StorageEnd extends Commands {
  handle(request: ForwardedRequest): Promise<HttpResponse>;
  spendCredits(workspaceId: string, keyId: string, order: SpendOrder): Promise<Spent>;
  markUsed(usedAt: ReadonlyMap<string, number>): void;
  /** Ends the jobs, writes the buffers, closes the database and ends the thread. */
  close(): Promise<void>;
}

/** What the main thread does for the storage thread. */
export interface MainEnd {
  started(): void;
  /** After each commit, and before any answer that depends on it. */
  changed(tags: readonly string[] | null): void;
  observe(operation: string, outcome: string, seconds: number): void;
  log(line: string): void;
  stats(stats: ThreadStats): void;
  consume(
    workspaceId: string,
    checks: readonly LimitCheck[],
    now: number,
  ): ConsumeResult | Promise<ConsumeResult>;
  deleteEventsBefore(at: number, limit: number): Promise<number>;
  countEventsBefore(at: number, limit: number): Promise<number>;
}

/** Figures for `/metrics`. */
export interface ThreadStats {
  readonly jobs: readonly JobStats[];
  readonly storage: StorageStats;
  /** Reports since the start of the thread. */
  readonly damagedSecrets: number;
  /** How late the thread answers because it is busy. */
  readonly lag: EventLoopDelay;
}

/** Before the first figures. */
export const noStats: StorageStats = { waitingWrites: 0, databaseBytes: null, logBytes: null, pools: [] };
export const noLag: EventLoopDelay = { meanMs: 0, longestMs: 0 };

/** What the storage thread is started with. */
export interface ThreadOptions {
  readonly config: Config;
  readonly logLevel: LogLevel;
  readonly lockWaitMs: number;
  /** How long a request may take, in milliseconds. Undefined: the default of the pipeline. */
  readonly timeoutMs: number | undefined;
  readonly hasJobs: boolean;
}

/** A pause between the two clocks makes a reading smaller, so the largest of several is right. */
const offset = Math.max(
  ...Array.from({ length: 100 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
);

/** A time of `performance.now()` on a clock that all threads of a process share. */
export function sharedTime(at: number): number {
  return at + offset;
}

/** The reverse of `sharedTime`, in this thread. */
export function localTime(at: number): number {
  return at - offset;
}
