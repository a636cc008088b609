import type { InputOf, KeySettings, NewKeySettings } from '@unkey-ts/contract';
import type { NewKey } from '../../storage/port/records.ts';

/** Settings of a key with a single value: the property in the API, and the member of the record. */
const members = {
  enabled: 'isEnabled',
  name: 'name',
  meta: 'meta',
  expires: 'expiresAt',
} as const satisfies Record<keyof NewKeySettings, keyof NewKey>;

type Property = keyof typeof members;
type Settings = Pick<NewKey, (typeof members)[Property]>;

const defaults: Settings = { isEnabled: true, name: null, meta: null, expiresAt: null };

/** The settings of a new key: omitted ones get their default. */
export function newSettings(input: NewKeySettings): Settings {
  return { ...defaults, ...changedSettings(input) };
}

/** The settings in the request; null removes one. */
export function changedSettings(
  input: Pick<InputOf<'keys.createKey'> | InputOf<'keys.updateKey'>, Property>,
): Partial<Settings> {
  const present = Object.entries(members).filter(([property]) => input[property as Property] !== undefined);
  // A property and its member have the same type: `members` ties the two.
  return Object.fromEntries(present.map(([property, member]) => [member, input[property as Property]]));
}

/** The settings that a copy of the key gets. */
export function settingsOf(key: Settings): Settings {
  const copied = Object.values(members).map((member) => [member, key[member]]);
  return Object.fromEntries(copied) as Settings;
}

/** The settings as responses show them: without those that are absent or empty. */
export function presentSettings(key: Settings): KeySettings {
  const shown = Object.entries(members)
    .map(([property, member]) => [property, key[member]] as const)
    .filter(([, value]) => !isEmpty(value));
  return Object.fromEntries(shown) as KeySettings;
}

function isEmpty(value: Settings[keyof Settings]): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '' || value === 0;
}
