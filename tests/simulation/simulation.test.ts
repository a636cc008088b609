import { test } from 'vitest';
import { simulate } from './run.ts';
import { startSubject } from './subject.ts';

const firstSeed = Number(process.env.SIMULATION_SEED ?? 1);
const seedCount = Number(process.env.SIMULATION_SEEDS ?? 200);
const stepsPerSeed = Number(process.env.SIMULATION_STEPS ?? 60);
/** Seeds that share one service: a start takes as long as fifty steps. */
const seedsPerService = 5;

for (let from = firstSeed; from < firstSeed + seedCount; from += seedsPerService) {
  const to = Math.min(from + seedsPerService, firstSeed + seedCount) - 1;
  test(`the service matches the model, seeds ${from} to ${to}`, async () => {
    const subject = await startSubject();
    try {
      for (let seed = from; seed <= to; seed++) await simulate(subject, { seed, steps: stepsPerSeed });
    } finally {
      await subject.close();
    }
  });
}
