import {
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type Ids,
  type MemoryApp,
  randomIds,
} from '@unkey-ts/server';
import { createClock, type EmulatorClock } from './clock.ts';
import { controlEndpoints, isControlPath } from './control-endpoints.ts';
import { deterministicIds } from './deterministic-ids.ts';
import { createFaults, type FaultRules, lostConnection, withFault } from './faults.ts';
import type { Doors } from './in-process-fetch.ts';
import { type Perform, performWith } from './key-steps.ts';
import { openMemoryApp, rowsOf, type SeededRows } from './memory-app.ts';
import { startOf } from './options.ts';
import { createRecorder, type Recorder } from './recorded-requests.ts';
import { emulatorRootKey } from './root-key.ts';
import { readSeed } from './seed/read-seed.ts';
import type { TestUnkeyOptions } from './types.ts';

/** The service from the start, or from a reset, until the next reset. */
interface Run {
  readonly app: MemoryApp;
  readonly ids: Ids;
  readonly perform: Perform;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Ends requests that have no response. */
  readonly ending: AbortController;
}

/** The service in memory, with what a test does to it. */
export class Emulator {
  readonly clock: EmulatorClock;
  readonly faults: FaultRules;
  readonly requests: Recorder;
  readonly #determinism: string | undefined;
  readonly #seeded: SeededRows;
  #latest: Run | null = null;

  static async open(options: TestUnkeyOptions): Promise<Emulator> {
    const { determinism } = options;
    const start = startOf(options);
    const seed = readSeed(options.seed ?? {}, start);
    const seeded = await rowsOf(seed, { clock: { now: () => start }, ids: idsOf('seed', determinism) });
    const emulator = new Emulator({ start, isRunning: options.clock === 'running', determinism, seeded });
    emulator.#latest = await emulator.#begin();
    return emulator;
  }

  private constructor(options: {
    readonly start: number;
    readonly isRunning: boolean;
    readonly determinism: string | undefined;
    readonly seeded: SeededRows;
  }) {
    this.#determinism = options.determinism;
    this.#seeded = options.seeded;
    this.clock = createClock({ ...options, onMove: () => this.#run.app.runJobs() });
    this.faults = createFaults(() => this.#run.random());
    this.requests = createRecorder(this.clock);
  }

  get #run(): Run {
    if (this.#latest === null) throw new Error('The emulator has not begun.');
    return this.#latest;
  }

  get workspaceId(): string {
    return this.#seeded.workspaceId;
  }

  get perform(): Perform {
    return this.#run.perform;
  }

  /** Where requests enter, from the port and from this process. */
  get doors(): Doors {
    const { admitBody, failure } = this.#run.app;
    return { handle: this.#handle, admitBody, failure };
  }

  async reset(): Promise<void> {
    const before = this.#run;
    this.clock.restart();
    this.faults.clear();
    this.#latest = await this.#begin();
    this.requests.clear();
    before.ending.abort();
    await before.app.close();
  }

  /** Requests that come later have no response. */
  endRequests(): void {
    this.#run.ending.abort();
  }

  async close(): Promise<void> {
    await this.#run.app.close();
  }

  async #begin(): Promise<Run> {
    const ids = idsOf('run', this.#determinism);
    const shares = idsOf('share', this.#determinism);
    const { clock, faults, requests } = this;
    const endpoints = controlEndpoints({ clock, faults, requests, reset: () => this.reset() });
    const app = await openMemoryApp({ clock, ids, copyOf: this.#seeded.rows, endpoints });
    const random = () => new DataView(shares.bytes(4).buffer).getUint32(0) / 2 ** 32;
    const perform = performWith(app.handle, emulatorRootKey);
    return { app, ids, perform, random, ending: new AbortController() };
  }

  readonly #handle: HttpHandler = (request) => {
    if (isControlPath(request.path)) return this.#run.app.handle(request);
    const recording = this.requests.begin(request);
    recording.fault = this.faults.take(recording);
    const response = this.#respond(request, recording.fault);
    return response instanceof Promise
      ? response.then((late) => recording.end(late))
      : recording.end(response);
  };

  #respond(
    request: HttpRequest,
    fault: ReturnType<FaultRules['take']>,
  ): HttpResponse | Promise<HttpResponse> {
    const { app, ids, ending } = this.#run;
    if (ending.signal.aborted) return lostConnection;
    const work = () => app.handle(request);
    return fault === null ? work() : withFault({ fault, work, ids, end: ending.signal });
  }
}

/** Random, or following from `determinism`; each part has its own, so that one does not depend on how much another takes. */
function idsOf(part: 'seed' | 'run' | 'share', determinism: string | undefined): Ids {
  return determinism === undefined ? randomIds() : deterministicIds(`${part} ${determinism}`);
}
