// Opens the page /reference of the built service in Chromium: node tests/deploy/reference-page.mjs
// Prints `N passed, N failed`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const startMs = 60_000;
/** Of the page's own clock: its timers do not wait for it. */
const pageMs = 30_000;

const folder = await mkdtemp(join(tmpdir(), 'unkey-reference-'));
const service = spawn(
  process.execPath,
  [join(root, 'packages/cli/dist/main.js'), 'serve', '--port', '0', '--data-dir', join(folder, 'data')],
  { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
);
let passed = 0;
let failed = 0;
try {
  const url = await addressOf(service);
  const document = await (await fetch(`${url}/openapi.json`)).json();
  const { dom, console: messages } = await open(`${url}/reference`);
  const paths = Object.keys(document.paths);
  const absent = paths.filter((path) => !dom.includes(`data-path="${path}"`));
  check(`the page shows ${paths.length} operations`, absent);
  check('the browser has nothing to complain about', messages);
} finally {
  service.kill('SIGTERM');
  await once(service, 'exit');
  await rm(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function addressOf({ stdout }) {
  let output = '';
  const signal = AbortSignal.timeout(startMs);
  for (;;) {
    const [chunk] = await once(stdout, 'data', { signal });
    output += chunk;
    const [, url] = /listens on (http:\S+?),/.exec(output) ?? [];
    if (url !== undefined) return url;
  }
}

/** What the page consists of once it has settled, and what its console says. */
async function open(address) {
  const browser = spawn(chromium, [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
    ...[`--user-data-dir=${join(folder, 'chromium')}`, '--enable-logging=stderr'],
    ...[`--virtual-time-budget=${pageMs}`, '--dump-dom', address],
  ]);
  let dom = '';
  let log = '';
  browser.stdout.on('data', (chunk) => {
    dom += chunk;
  });
  browser.stderr.on('data', (chunk) => {
    log += chunk;
  });
  await once(browser, 'close');
  return { dom, console: log.split('\n').filter((line) => line.includes(':CONSOLE')) };
}

function check(fact, problems) {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(
    problems.length === 0 ? `ok      ${fact}` : `FAILED  ${fact}\n        ${problems.join('\n        ')}`,
  );
}
