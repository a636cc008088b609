/**
 * The model has names for what the service makes (`@key1`); here they meet the service's own ids. A name that is not yet
 * known takes the place's value, and means it from then on.
 *
 * `@any` is absent or anything; `@about:5` a time less than a minute from 5; `@plain1[4]` the first four characters of
 * what `@plain1` means; `@plain1~test_` a new key that begins with `test_`.
 */
export class Names {
  readonly #meanings = new Map<string, string>();

  isKnown(name: string): boolean {
    return this.#meanings.has(name);
  }

  /** The same data with meanings in place of names; of `name[4]` the first four characters. */
  mean(data: unknown): unknown {
    if (typeof data === 'string') return this.#meanText(data);
    if (Array.isArray(data)) return data.map((item) => this.mean(item));
    if (data === null || typeof data !== 'object') return data;
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, this.mean(value)]));
  }

  /** Where `actual` differs from what was expected, in words; null when it does not. */
  differ(expected: unknown, actual: unknown, place = 'data'): string | null {
    const wanted = this.mean(expected);
    if (Array.isArray(wanted) && Array.isArray(actual)) return this.#differArrays(wanted, actual, place);
    if (isRecord(wanted) && isRecord(actual)) return this.#differRecords(wanted, actual, place);
    if (typeof wanted === 'string' && wanted.startsWith('@')) return this.#differName(wanted, actual, place);
    return Object.is(wanted, actual) ? null : `${place} is ${show(actual)} instead of ${show(wanted)}`;
  }

  #meanText(text: string): string {
    const [, name = text, length] = /^(@\w+)(?:\[(\d+)\])?$/.exec(text) ?? [];
    const meaning = this.#meanings.get(name);
    if (meaning === undefined) return text;
    return length === undefined ? meaning : meaning.slice(0, Number(length));
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
    const isAsAnnounced = head === undefined || new RegExp(`^${head}[1-9A-HJ-NP-Za-km-z]{16,}$`).test(actual);
    if (!isAsAnnounced) return `${place} is not a key that begins with '${head}'`;
    for (const [other, meaning] of this.#meanings) {
      if (meaning === actual) return `${place} is ${other} instead of ${name}`;
    }
    this.#meanings.set(name, actual);
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

/** Lists have no order of their own, but for the limits of a batch: compare them sorted by what tells items apart. */
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
