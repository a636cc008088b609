import type { Override } from '../../domain/ratelimit/overrides.ts';

export function presentOverride({ id, identifier, limit, durationMs }: Override) {
  return { overrideId: id, identifier, limit, duration: durationMs };
}
