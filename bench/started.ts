import {
  type MeasuredProcess,
  type MeasuredService,
  newFolder,
  type StartOptions,
  startBareHandler,
  startService,
} from './measured-process.ts';

/** Stops all that was started, in reverse order, whatever happens in between. */
export class Started {
  readonly #stops: (() => unknown)[] = [];

  /** A service on a new empty folder, or on a given one. */
  async service(options: StartOptions & { readonly folder?: string } = {}): Promise<MeasuredService> {
    const service = await startService(options.folder ?? (await this.folder()), options);
    this.#stops.push(service.stop);
    return service;
  }

  async bareHandler(answers: readonly string[], options: StartOptions = {}): Promise<MeasuredProcess> {
    const bare = await startBareHandler(answers, options);
    this.#stops.push(bare.stop);
    return bare;
  }

  async folder(parent?: string): Promise<string> {
    const folder = await newFolder(parent);
    this.#stops.push(folder.remove);
    return folder.path;
  }

  onStop(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop();
  }
}

/** Runs `work` and stops everything that it started. */
export async function withStarted<Result>(work: (started: Started) => Promise<Result>): Promise<Result> {
  const started = new Started();
  try {
    return await work(started);
  } finally {
    await started.stop();
  }
}
