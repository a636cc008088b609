import { afterEach, describe, expect, test } from 'vitest';
import type { IdempotencyBounds } from '../idempotency-shares.ts';
import { type Counters, IdempotencyShareError } from '../port.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const now = 1_700_000_040_000; // starts a minute

/** The shares of workspaces in idempotency records, on any store. `open` returns empty counters. */
export function idempotencySharesConformance(
  name: string,
  open: (bounds: IdempotencyBounds) => Promise<Counters>,
): void {
  describe(`${name}: shares of idempotency records`, () => {
    let counters: Counters;
    afterEach(() => counters.close());

    const recordOf = (characters: number) => ({ fingerprint: 'f', response: 'x'.repeat(characters) });
    const store = async (call: string, characters: number, at = now) => {
      expect(await counters.claim(call, at)).toBeNull();
      await counters.complete(call, recordOf(characters), at + minute);
    };
    const isRefused = (call: string, at = now) =>
      counters.claim(call, at).then(
        () => false,
        (error: unknown) => error instanceof IdempotencyShareError,
      );

    test.each([
      ['many', { records: 41, characters: 1_000_000 }, 1],
      ['large', { records: 1_000_000, characters: 40_000 }, 1000],
    ])(
      'a workspace with %s responses is refused while there is room for others',
      async (_what, bounds, size) => {
        counters = await open(bounds);
        await store('small call', 1);
        for (let call = 0; call < 20; call++) await store(`large ${call}`, size);
        expect(await isRefused('large 20')).toBe(true);
        // What was recorded is found, and others go on.
        expect(await counters.claim('large 0', now)).toMatchObject(recordOf(size));
        expect(await counters.claim('small call', now)).toMatchObject(recordOf(1));
        await store('small other', 1);
        // The refused name is free, and a minute later there is room again.
        await store('large 20', size, now + minute);
      },
    );

    test('claims count until they end', async () => {
      counters = await open({ records: 10, characters: 1000 });
      for (let call = 0; call < 5; call++) expect(await counters.claim(`ws ${call}`, now)).toBeNull();
      expect(await isRefused('ws 5')).toBe(true);
      await counters.release('ws 0');
      expect(await counters.claim('ws 5', now)).toBeNull();
    });

    test('nothing is left of the shares of minutes that are over', async () => {
      counters = await open({ records: 10, characters: 1000 });
      for (let call = 0; call < 30; call++) await store(`ws ${call}`, 10, now + call * 15_000);
    });

    test('a clock that was ahead for a while does not use up shares for longer than a minute', async () => {
      counters = await open({ records: 10, characters: 1000 });
      for (let call = 0; call < 5; call++) await store(`ws ${call}`, 1, now + day);
      // It is right again.
      await isRefused('ws noticed');
      await store('ws later', 1, now + minute);
    });
  });
}
