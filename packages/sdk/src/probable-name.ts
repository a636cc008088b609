/** Names in other libraries → names here. */
export type OtherNames = readonly (readonly [pattern: RegExp, name: string])[];

const otherNames: OtherNames = [
  [/apikey|token/, 'rootKey'],
  [/url|endpoint/, 'serverURL'],
  [/maxretries/, 'retry: { maxAttempts }'],
  [/retries/, 'retry'],
  [/client/, 'fetch'],
  [/logger/, 'debug'],
  [/agent/, 'headers'],
  [/cache|credentials/, 'fetchOptions'],
];

/** The known option that an unknown name probably means; undefined if none is similar. */
export function probableName(
  unknown: string,
  known: readonly string[],
  more: OtherNames = [],
): string | undefined {
  // root_key, RootKey.
  const name = unknown.toLowerCase().replace(/[^a-z]/g, '');
  const isKnown = (option = '') => known.includes(option.replace(/\W.*/, ''));
  const [, other] =
    [...more, ...otherNames].find(([pattern, option]) => pattern.test(name) && isKnown(option)) ?? [];
  const similar = known.reduce(
    (best, option) => (similarity(name, option) > similarity(name, best) ? option : best),
    '',
  );
  return similarity(name, similar) > 0.9
    ? similar
    : (other ?? (similarity(name, similar) < 0.5 ? undefined : similar));
}

/** Share of letter pairs that two names have in common. */
function similarity(name: string, option: string): number {
  const shared = [...name].filter((_, at) => option.toLowerCase().includes(name.slice(at, at + 2)));
  return (2 * shared.length) / (name.length + option.length);
}
