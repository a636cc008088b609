import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';
import { isThreadedRun } from '../threaded.ts';
import { newWorld, type Suite } from './scenario.ts';
import { arrangeSuccess } from './successful-call.ts';

interface CaseFile {
  readonly default: Suite;
  /**
   * The cache entries that the operation makes all processes drop, by the kinds of their tags. Callers choose how often
   * they call: no operation may drop entries that it does not change.
   */
  readonly drops?: readonly string[];
}

const files = import.meta.glob<CaseFile>('./{apis,identities,keys,permissions,ratelimit}/*.ts', {
  eager: true,
});
const dropped = Object.values(files).map(({ default: { operation }, drops }) => ({ operation, drops }));

let service: Service;
let reported: (ReadonlySet<string> | null)[] = [];

beforeAll(async () => {
  service = await startService();
  const { lookups } = service.app.services;
  const { onCommit } = lookups;
  Object.assign(lookups, {
    onCommit(tags: ReadonlySet<string> | null) {
      reported.push(tags);
      onCommit(tags);
    },
  });
});
afterAll(() => service.close());

test('the cases of every operation export what it drops', () => {
  const silent = dropped.filter(({ drops }) => drops === undefined);
  expect(silent.map(({ operation }) => `${operation}: export const drops = ['key'];`)).toEqual([]);
});

// What two threads tell each other is in threads/.
test.each(isThreadedRun ? [] : dropped)('$operation drops $drops', async ({ operation: id, drops }) => {
  const world = await newWorld(service);
  const body = await arrangeSuccess(id, world);
  reported = [];
  const reply = await world.call(id, body);
  expect(reply.status).toBe(200);
  const kinds = reported.flatMap((tags) => (tags === null ? ['everything'] : [...tags].map(kindOf)));
  expect([...new Set(kinds)].sort()).toEqual(drops);
});

/** The kind of a tag: a prefix of ids, or `hash`. */
function kindOf(tag: string): string {
  if (tag.startsWith('keys of ')) return 'all keys';
  return /^([a-z]+)_\w+$/.exec(tag)?.[1] ?? 'hash';
}
