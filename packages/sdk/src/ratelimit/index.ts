export type { Duration } from './duration.ts';
export { toHeaders } from './headers.ts';
export type { RatelimitOverrides } from './overrides.ts';
export {
  type Fallback,
  type FallbackResult,
  type Limit,
  type LimitOptions,
  Ratelimit,
  type RatelimitOptions,
  type RatelimitResult,
} from './ratelimit.ts';
