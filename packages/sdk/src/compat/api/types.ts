export type { ClosedEnum, OpenEnum, Unrecognized } from './open-enum.ts';
export {
  type APICall,
  APIPromise,
  type PageIterator,
  type Paginator,
  type Result,
  unwrap,
  unwrapAsync,
} from './results.ts';
