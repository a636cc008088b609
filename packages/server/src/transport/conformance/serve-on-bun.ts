import { bun } from '../bun/bun-api.ts';
import { createBunListener } from '../bun/server.ts';
import { failure, testAdmission, testHandler } from './test-handler.ts';

/** `bun serve-on-bun.ts LIMITS`: prints the port, and drains on SIGTERM. */
if (bun === null) throw new Error('This runs on Bun.');
const listener = createBunListener(bun, {
  handle: testHandler,
  admitBody: testAdmission,
  failure,
  ...JSON.parse(process.argv[2] ?? '{}'),
});
process.once('SIGTERM', () => void listener.drain());
console.log((await listener.listen('127.0.0.1', 0)).port);
