import { test } from 'vitest';
import { createAppInThreads } from '../threaded.ts';
import { simulate } from './run.ts';
import { type Subject, startSubject } from './subject.ts';

const firstSeed = Number(process.env.SIMULATION_SEED ?? 1);
const seedCount = Number(process.env.SIMULATION_SEEDS ?? 200);
const stepsPerSeed = Number(process.env.SIMULATION_STEPS ?? 60);
/** Seeds that share one service: a start takes as long as fifty steps. */
const seedsPerService = 5;

async function simulateSeeds(start: () => Promise<Subject>, from: number, to: number): Promise<void> {
  const subject = await start();
  try {
    for (let seed = from; seed <= to; seed++) await simulate(subject, { seed, steps: stepsPerSeed });
  } finally {
    await subject.close();
  }
}

for (let from = firstSeed; from < firstSeed + seedCount; from += seedsPerService) {
  const to = Math.min(from + seedsPerService, firstSeed + seedCount) - 1;
  test(`the service matches the model, seeds ${from} to ${to}`, () =>
    simulateSeeds(() => startSubject(), from, to));
}

/** Every tenth of the seeds; on PostgreSQL there is one thread. */
const isOnSqlite = (process.env.UNKEY_TEST_DATABASE_URL ?? '') === '';
const threadedCount = isOnSqlite ? Math.ceil(seedCount / 10) : 0;
for (let from = firstSeed; from < firstSeed + threadedCount; from += seedsPerService) {
  const to = Math.min(from + seedsPerService, firstSeed + threadedCount) - 1;
  const start = () => startSubject(undefined, createAppInThreads);
  test(`the service in two threads matches the model, seeds ${from} to ${to}`, () =>
    simulateSeeds(start, from, to));
}
