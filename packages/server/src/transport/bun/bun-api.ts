/** What is used of Bun, described here: its own types would replace those of Node everywhere. */
export interface Bun {
  /** Throws an error with a code when the address cannot be listened on. */
  serve(options: BunServeOptions): BunServer;
}

export interface BunServeOptions {
  readonly hostname: string;
  readonly port: number;
  /** Bun answers requests with larger bodies itself. */
  readonly maxRequestBodySize: number;
  /** Seconds in which nothing arrives or leaves, after which a connection is closed. At most 255. */
  readonly idleTimeout: number;
  /** Whether errors are answered with pages that show source code. */
  readonly development: boolean;
  /** Whether other processes may listen on the same port. The default follows `development`. */
  readonly reusePort: boolean;
  fetch(request: BunRequest, server: BunServer): Response | Promise<Response>;
  /** The answer when `fetch` fails. */
  error(error: unknown): Response;
}

export interface BunServer {
  readonly port: number;
  /**
   * Listens no more, closes connections at rest, ends the others with their answers, and resolves when those are out;
   * with `true` closes all of them at once.
   */
  stop(closeActiveConnections?: boolean): Promise<void>;
  requestIP(request: BunRequest): { readonly address: string } | null;
}

export interface BunRequest {
  readonly method: string;
  /** Whole: the target behind the Host header. Throws where there is no Host. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  bytes(): Promise<Uint8Array>;
}

/** Null: this process runs on something else. */
export const bun: Bun | null = (globalThis as { readonly Bun?: Bun }).Bun ?? null;
