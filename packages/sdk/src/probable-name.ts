/** Names here → names in other libraries. */
export type OtherNames = Readonly<Record<string, RegExp>>;

const otherNames: OtherNames = {
  rootKey: /apikey|token/,
  serverURL: /url/,
  retry: /retries/,
  fetch: /client/,
};

/** The known option that an unknown name probably means; undefined if none is similar. */
export function probableName(
  unknown: string,
  known: readonly string[],
  more?: OtherNames,
): string | undefined {
  // root_key, RootKey.
  const name = unknown.toLowerCase().replace(/[^a-z]/g, '');
  const names = { ...more, ...otherNames };
  const find = (isMeant: (option: string, lower: string) => boolean | undefined) =>
    known.find((option) => isMeant(option, option.toLowerCase()));
  return (
    find((option) => names[option]?.test(name)) ??
    find((_, lower) => lower.includes(name)) ??
    find((_, lower) => lower.startsWith(name.slice(0, 4)))
  );
}
