import { createTestUnkey, type TestUnkey } from '@unkey-ts/emulator';
import type { Benchmark } from './benchmark.ts';
import { interleave, median, medianRatio } from './rounds.ts';

const rounds = 9;
const callsOfRound = 2000;
const sideBySide = 200;

/** The service in memory that tests of applications use. */
export const emulator: Benchmark = {
  name: 'emulator',
  title: `the service in memory: CPU of the process; medians of ${rounds} rounds`,
  async run(report) {
    const unkey = await createTestUnkey();
    const { key } = await unkey.createKeyFor();
    const times = await interleave(
      {
        ready: () => cpuMs(async () => (await createTestUnkey()).close()),
        reset: () => cpuMs(() => unkey.reset()),
      },
      rounds,
    );
    report({ what: 'start and close', value: median(times.ready), unit: 'ms' });
    report({ what: 'reset', value: median(times.reset), unit: 'ms' });

    // The resets have forgotten the key.
    const again = await unkey.createKeyFor();
    const calls = await interleave(
      {
        response: () => cpuMs(() => repeat(async () => (await Response.json({ key })).json())),
        verify: () => cpuMs(() => repeat(() => verify(unkey, again.key))),
      },
      rounds,
    );
    const perCall = (values: readonly number[]) => (median(values) * 1000) / callsOfRound;
    const baseline = { what: 'a Response that is read', value: perCall(calls.response) };
    const ratio = medianRatio(calls.verify, calls.response);
    report({ what: baseline.what, value: baseline.value, unit: 'µs' });
    report({
      what: 'a verification by its fetch',
      value: perCall(calls.verify),
      unit: 'µs',
      baseline,
      ratio,
    });
    await unkey.close();

    const many = await cpuMs(async () => {
      const all = await Promise.all(Array.from({ length: sideBySide }, () => createTestUnkey()));
      for (const one of all) await one.close();
    });
    report({ what: `${sideBySide} side by side`, value: many, unit: 'ms' });
  },
};

async function verify(unkey: TestUnkey, key: string): Promise<unknown> {
  const response = await unkey.fetch('http://localhost/v2/keys.verifyKey', {
    method: 'POST',
    headers: { authorization: `Bearer ${unkey.rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  const { data } = (await response.json()) as { data: { code: string } };
  if (data.code !== 'VALID') throw new Error(`The verification is ${data.code}.`);
  return data;
}

async function repeat(work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < callsOfRound; count++) await work();
}

/** CPU time of the process in milliseconds. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
