/**
 * The parts of Node's modules that are used. The package is compiled without Node's types, so that no other file assumes
 * Node. The tests compile this code with Node's own types.
 */

declare module 'node:http' {
  export interface ClientRequest {
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'upgrade', listener: (response: IncomingMessage, socket: { destroy(): void }) => void): this;
    on(event: 'close', listener: () => void): this;
    end(body?: string): this;
    destroy(error?: Error): this;
  }

  export interface IncomingMessage {
    readonly statusCode?: number | undefined;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    setEncoding(encoding: 'utf8'): this;
    on(event: 'data', listener: (chunk: string) => void): this;
    on(event: 'end', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export interface AgentOptions {
    readonly keepAlive?: boolean;
    readonly timeout?: number;
    readonly maxSockets?: number;
  }

  export class Agent {
    constructor(options: AgentOptions);
  }

  export interface RequestOptions {
    readonly agent?: Agent;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly socketPath?: string;
  }

  export function request(
    url: string,
    options: RequestOptions,
    onResponse: (response: IncomingMessage) => void,
  ): ClientRequest;
}

declare module 'node:https' {
  export { request } from 'node:http';

  import { type AgentOptions, Agent as HttpAgent } from 'node:http';

  export class Agent extends HttpAgent {
    constructor(options: AgentOptions & Readonly<Record<string, unknown>>);
  }
}
