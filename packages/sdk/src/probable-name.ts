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
  const candidates: [score: number, option?: string][] = [
    ...[...more, ...otherNames]
      .filter(([pattern, option]) => pattern.test(name) && known.includes(option.replace(/\W.*/, '')))
      .map(([, option]): [number, string] => [0.9, option]),
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
