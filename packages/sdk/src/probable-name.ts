/** Names here → names in other libraries. */
export type OtherNames = Readonly<Record<string, RegExp>>;

const otherNames: OtherNames = {
  rootKey: /apikey|token/,
  serverURL: /url|endpoint/,
  'retry: { maxAttempts }': /maxretries/,
  retry: /retries/,
  fetch: /client/,
  debug: /logger/,
  headers: /agent/,
  fetchOptions: /cache|credentials/,
};

/** The known option that an unknown name probably means; undefined if none is similar. */
export function probableName(
  unknown: string,
  known: readonly string[],
  more?: OtherNames,
): string | undefined {
  // root_key, RootKey.
  const name = unknown.toLowerCase().replace(/[^a-z]/g, '');
  const candidates: [score: number, option?: string][] = [
    ...Object.entries({ ...more, ...otherNames })
      .filter(([option, pattern]) => pattern.test(name) && known.includes(option.replace(/\W.*/, '')))
      .map(([option]): [number, string] => [0.9, option]),
    ...known.map((option): [number, string] => [similarity(name, option), option]),
    [0.49],
  ];
  // Stable: of equal ones the first.
  return candidates.sort(([one], [other]) => other - one)[0]?.[1];
}

/** Share of letter pairs that two names have in common. */
function similarity(name: string, option: string): number {
  const shared = [...name].filter((_, at) => option.toLowerCase().includes(name.slice(at, at + 2)));
  return (2 * shared.length) / (name.length + option.length);
}
