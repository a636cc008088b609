export * from './http-client.ts';
export type { BackoffStrategy, Logger, RequestOptions, RetryConfig } from './options.ts';
export { type SDKOptions, ServerList, serverURLFromOptions } from './options.ts';
