import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'rolldown';
import { execute, mustBeDone, plainEnvironment } from './execute.mjs';

const nodes = {
  [`Node ${process.versions.node}`]: () => process.execPath,
  'Node 22': ({ tools }) => join(tools, 'node-22/bin/node'),
  'Node 24': ({ tools }) => join(tools, 'node-24/bin/node'),
};

const nodeFiles = { import: 'main.mjs', require: 'main.cjs', 'import beside require': 'both.mjs' };

export const runtimes = {
  ...Object.fromEntries(
    Object.entries(nodes).flatMap(([name, binaryOf]) =>
      Object.entries(nodeFiles).map(([way, file]) => [
        `${name}, ${way}`,
        (kit) => run(kit, binaryOf(kit), [file]),
      ]),
    ),
  ),
  Bun: (kit) => run(kit, join(kit.tools, '@oven/bun-linux-x64/bin/bun'), ['run', 'main.mjs']),
  // Its only permission is the network; it may not read the environment.
  Deno: (kit) =>
    run(kit, join(kit.tools, '@deno/linux-x64-glibc/deno'), [
      ...[
        'run',
        '--no-prompt',
        '--no-lock',
        '--node-modules-dir=manual',
        '--allow-net=127.0.0.1',
        'main.mjs',
      ],
    ]),
  workerd: runWorkerd,
  Chromium: runChromium,
};

async function run({ project }, binary, args) {
  // The library must not keep the process alive.
  mustBeDone(
    await execute(binary, args, {
      cwd: project.folder,
      env: { DENO_NO_UPDATE_CHECK: '1' },
      timeoutMs: 30_000,
    }),
  );
}

async function runWorkerd(kit) {
  await inWorkerd(kit, { name: 'worker', alias: {} }, async (url, worker) => {
    mustBeDone(await (await worker.within(20_000, fetch(url))).text());
  });
}

/** Bundles a worker of the project, and serves it while `use` runs. */
export async function inWorkerd({ tools, project }, { name, alias }, use) {
  const { folder } = project;
  await build({
    input: join(folder, `${name}.mjs`),
    // It is loaded when it is needed, and Hono is not installed.
    external: ['hono/http-exception'],
    platform: 'neutral',
    resolve: { alias },
    output: { file: join(folder, `${name}.bundle.mjs`), codeSplitting: false },
  });
  const configuration = await readFile(join(folder, 'worker.capnp'), 'utf8');
  await project.write(`${name}.capnp`, configuration.replace('worker.bundle.mjs', `${name}.bundle.mjs`));
  const workerd = start(
    join(tools, '@cloudflare/workerd-linux-64/bin/workerd'),
    ['serve', `${name}.capnp`, '--control-fd=3'],
    folder,
  );
  try {
    const [listening] = await workerd.within(20_000, once(workerd.control, 'data'));
    await use(`http://127.0.0.1:${JSON.parse(listening).port}`, workerd);
  } finally {
    await workerd.end();
  }
}

async function runChromium({ project, stage }) {
  const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
  await access(chromium).catch(installChromium);
  const profile = join(project.folder, 'chromium');
  await mkdir(profile);
  const outcome = stage.nextOutcome();
  const browser = start(
    chromium,
    [
      ...[
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-sync',
      ],
      ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
      ...[`--user-data-dir=${profile}`, `${stage.origin}/page.html`],
    ],
    project.folder,
  );
  try {
    mustBeDone(await browser.within(40_000, outcome));
  } finally {
    await browser.end();
  }
}

async function installChromium() {
  const debian = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 300_000 };
  await execute('apt-get', ['update', '-qq'], debian);
  await execute('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], debian);
}

/** A process that runs until `end`, which also ends its child processes. */
function start(command, args, cwd) {
  const child = spawn(command, args, {
    cwd,
    env: plainEnvironment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  return {
    /** Its output on file descriptor 3. */
    control: child.stdio[3],
    /** Awaits a result; rejects if the process ends first or after the timeout. */
    async within(timeoutMs, response) {
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, timeoutMs, `No response in ${timeoutMs} ms`);
      });
      const failure = Promise.race([ended.then(() => 'It ended'), late]).then((what) => {
        throw new Error(`${what}:\n${output}`);
      });
      return Promise.race([response, failure]).finally(() => clearTimeout(timer));
    },
    async end() {
      if (child.pid === undefined || child.exitCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
