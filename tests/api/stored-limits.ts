/** A limit as in a request. */
export function limitNamed(name: string, changes: object = {}): object {
  return { name, limit: 100, duration: 60_000, autoApply: false, ...changes };
}

/** Bodies' `ratelimits` that are malformed, whatever the operation. */
export const malformedLimits = [
  ['a limit without name', [{ limit: 1, duration: 1000, autoApply: true }], '[0].name'],
  ['a limit without `limit`', [{ name: 'abc', duration: 1000, autoApply: true }], '[0].limit'],
  ['a limit without duration', [{ name: 'abc', limit: 1, autoApply: true }], '[0].duration'],
  ['a limit without autoApply', [{ name: 'abc', limit: 1, duration: 1000 }], '[0].autoApply'],
  ['a limit name of two characters', [limitNamed('ab')], '[0].name'],
  ['a limit name of 129 characters', [limitNamed('n'.repeat(129))], '[0].name'],
  ['a limit of 0', [limitNamed('abc'), limitNamed('def', { limit: 0 })], '[1].limit'],
  ['a limit of -10', [limitNamed('abc', { limit: -10 })], '[0].limit'],
  ['a limit beyond 2^53 - 1', [limitNamed('abc', { limit: 2 ** 53 })], '[0].limit'],
  ['a limit of a half', [limitNamed('abc', { limit: 0.5 })], '[0].limit'],
  ['a duration of 999', [limitNamed('abc', { duration: 999 })], '[0].duration'],
  ['autoApply that is a string', [limitNamed('abc', { autoApply: 'true' })], '[0].autoApply'],
  ['51 limits', Array.from({ length: 51 }, (_, index) => limitNamed(`limit ${index}`)), ''],
  ['limits that are null', null, ''],
] as const;
