/**
 * Maps the placeholders of the model (`@key1`) to the ids of the service. The first response that has a value in the place
 * of a placeholder defines it.
 *
 * `@any` is any value or none; `@about:5` a time within a minute of 5; `@plain1[4]` the first four characters of the value
 * of `@plain1`; `@plain1~test_` a new key that starts with `test_`.
 */
export class Placeholders {
  readonly #values = new Map<string, string>();

  isKnown(name: string): boolean {
    return this.#values.has(name);
  }

  /** The same data with values in place of placeholders; for `name[4]` the first four characters. */
  resolve(data: unknown): unknown {
    if (typeof data === 'string') return this.#resolveText(data);
    if (Array.isArray(data)) return data.map((item) => this.resolve(item));
    if (data === null || typeof data !== 'object') return data;
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, this.resolve(value)]));
  }

  /** Describes the first difference between `actual` and `expected`; null if there is none. */
  differ(expected: unknown, actual: unknown, place = 'data'): string | null {
    const wanted = this.resolve(expected);
    if (Array.isArray(wanted) && Array.isArray(actual)) return this.#differArrays(wanted, actual, place);
    if (isRecord(wanted) && isRecord(actual)) return this.#differRecords(wanted, actual, place);
    if (typeof wanted === 'string' && wanted.startsWith('@')) return this.#differName(wanted, actual, place);
    return Object.is(wanted, actual) ? null : `${place} is ${show(actual)} instead of ${show(wanted)}`;
  }

  #resolveText(text: string): string {
    const [, name = text, length] = /^(@\w+)(?:\[(\d+)\])?$/.exec(text) ?? [];
    const value = this.#values.get(name);
    if (value === undefined) return text;
    return length === undefined ? value : value.slice(0, Number(length));
  }

  #differName(wanted: string, actual: unknown, place: string): string | null {
    if (wanted === '@any') return null;
    const [, about] = /^@about:(\d+)$/.exec(wanted) ?? [];
    if (about !== undefined) {
      const isNear = typeof actual === 'number' && Math.abs(actual - Number(about)) < 60_000;
      return isNear ? null : `${place} is ${show(actual)}, not about ${about}`;
    }
    const [name = wanted, head] = wanted.split('~');
    if (typeof actual !== 'string') return `${place} is ${show(actual)} instead of ${name}`;
    const hasPrefix = head === undefined || new RegExp(`^${head}[1-9A-HJ-NP-Za-km-z]{16,}$`).test(actual);
    if (!hasPrefix) return `${place} is not a key that begins with '${head}'`;
    for (const [other, value] of this.#values) {
      if (value === actual) return `${place} is ${other} instead of ${name}`;
    }
    this.#values.set(name, actual);
    return null;
  }

  #differArrays(wanted: unknown[], actual: unknown[], place: string): string | null {
    if (wanted.length !== actual.length) {
      return `${place} has ${actual.length} items instead of ${wanted.length}: ${show(actual)}`;
    }
    const [left, right] = place.endsWith('.limits') ? [wanted, actual] : [sorted(wanted), sorted(actual)];
    for (const [index, item] of left.entries()) {
      const difference = this.differ(item, right[index], `${place}[${index}]`);
      if (difference !== null) return difference;
    }
    return null;
  }

  #differRecords(
    wanted: Record<string, unknown>,
    actual: Record<string, unknown>,
    place: string,
  ): string | null {
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(actual)])) {
      const difference = this.differ(wanted[name], actual[name], `${place}.${name}`);
      if (difference !== null) return difference;
    }
    return null;
  }
}

/** Lists are unordered, except the limits of a batch: sorts them by the member that identifies an item. */
function sorted(items: unknown[]): unknown[] {
  const keys = ['keyId', 'externalId', 'slug', 'identifier', 'name'];
  const keyOf = (item: unknown): string => {
    if (!isRecord(item)) return JSON.stringify(item);
    return String(item[keys.find((key) => key in item) ?? ''] ?? '');
  };
  return [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
