export { type NodeFetchOptions, nodeFetch, type TlsOptions } from './node-fetch.ts';
