/** The parts of Bun that we use. Bun's own types would replace those of Node everywhere. */
export interface Bun {
  /** Throws an error with a code when the address cannot be listened on. */
  serve(options: BunServeOptions): BunServer;
}

export interface BunServeOptions {
  readonly hostname: string;
  readonly port: number;
  /** Bun itself refuses requests with larger bodies. */
  readonly maxRequestBodySize: number;
  /** Seconds after which an idle connection is closed. At most 255. */
  readonly idleTimeout: number;
  /** Whether error pages show source code. */
  readonly development: boolean;
  /** Whether other processes may listen on the same port. The default follows `development`. */
  readonly reusePort: boolean;
  fetch(request: BunRequest, server: BunServer): Response | Promise<Response>;
  /** The response when `fetch` throws or rejects. */
  error(error: unknown): Response;
}

export interface BunServer {
  readonly port: number;
  /**
   * Stops listening, closes idle connections, closes the others after their responses, and resolves when those are
   * sent; with `true` closes all connections at once.
   */
  stop(closeActiveConnections?: boolean): Promise<void>;
  requestIP(request: BunRequest): { readonly address: string } | null;
}

export interface BunRequest {
  readonly method: string;
  /** Absolute: the Host header followed by the target. Throws without a Host header. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  bytes(): Promise<Uint8Array>;
}

/** Null on other runtimes. */
export const bun: Bun | null = (globalThis as { readonly Bun?: Bun }).Bun ?? null;
