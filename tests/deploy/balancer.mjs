// The load balancer's own configuration in front of three real services: node tests/deploy/balancer.mjs
// Needs a built checkout and haproxy; prints `N passed, N failed`.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

// Not what else is set here: a DATABASE_URL, for one.
const environment = { PATH: process.env.PATH };
const rootKey = 'unkey_of_the_balancer';
const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
const folder = mkdtempSync(join(tmpdir(), 'unkey-balancer-'));
const clients = 64;
const agent = new Agent({ keepAlive: true, maxSockets: clients });
const children = new Set();

/** A name server for one question: which addresses the replicas have. */
async function serveNames(addresses) {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const isIpv4 = question.readUInt16BE(question.length - 4) === 1;
    const answers = isIpv4 ? addresses : [];
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    header.fill(0, 8);
    // Each response: the question's name, type A, class IN, 5 seconds, 4 bytes.
    const records = answers.map((ip) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...ip.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([header, question, ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function start(command, args, env) {
  const child = spawn(command, args, { env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      child.output += chunk;
    });
  }
  children.add(child);
  child.ended = once(child, 'exit').then(([code]) => {
    children.delete(child);
    return code;
  });
  return child;
}

function call({ port, host = '127.0.0.1', path, headers = {}, body, localAddress }) {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host, port, path, agent, localAddress, method: body === undefined ? 'GET' : 'POST', headers },
      async (answer) => {
        let text = '';
        for await (const chunk of answer.setEncoding('utf8')) text += chunk;
        resolve({ status: answer.statusCode, text });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function until(what, isSo) {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (
      await Promise.resolve()
        .then(isSo)
        .catch(() => false)
    )
      return;
    await pause(50);
  }
  throw new Error(`${what}: not within 30 seconds`);
}

const liveness = { path: '/v2/liveness' };
const headersOfLoad = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' };
const createApi = { path: '/v2/apis.createApi', headers: headersOfLoad, body: '{"name":"load"}' };
const drainDelay = /UNKEY_DRAIN_DELAY: (\w+)/.exec(readFileSync('compose.yaml', 'utf8'))[1];
const port = await freePort();
const balancerPort = await freePort();
const names = await serveNames(hosts);
const services = new Map();

async function startService(host) {
  services.set(
    host,
    start('node', ['packages/cli/dist/main.js', 'serve'], {
      HOST: host,
      PORT: String(port),
      UNKEY_DATA_DIR: join(folder, host),
      UNKEY_ROOT_KEY: rootKey,
      UNKEY_TRUSTED_PROXIES: '127.0.0.1',
      UNKEY_DRAIN_DELAY: drainDelay,
      LOG_LEVEL: 'warn',
    }),
  );
  await until(
    `${host} is ready`,
    async () => (await call({ port, host, path: '/health/ready' })).status === 200,
  );
}

/** Ends what a check that failed has left running. */
let stopLoad = async () => {};

let passed = 0;
let failed = 0;
async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`  ok    ${name}`);
  } catch (error) {
    failed++;
    await stopLoad();
    console.log(`  FAIL  ${name}\n        ${error instanceof Error ? error.message : error}`);
  }
}

/** What was changed by way of one process. */
function auditOf(host) {
  const list = ['packages/cli/dist/main.js', 'audit', 'list', '--json', '--data-dir', join(folder, host)];
  return JSON.parse(execFileSync('node', list, { encoding: 'utf8', env: environment }));
}

/** What the balancer has said last about whether this process is up. */
function stateOf(host) {
  const [, name] = new RegExp(`(unkey-\\d+) changed its IP from .* to ${host} `).exec(balancer.output);
  const said = [...balancer.output.matchAll(new RegExp(`${name} is (UP|DOWN), reason: ([^.]*)`, 'g'))].at(-1);
  return { isUp: said?.[1] !== 'DOWN', reason: said?.[2] };
}

/** Clients that call again and again, with pauses, so that connections are idle too; until stopped. */
function load(wanted) {
  let isRunning = true;
  const outcomes = {};
  const client = async () => {
    while (isRunning) {
      const outcome = await call({ ...wanted, port: balancerPort }).then(
        ({ status }) => status,
        (error) => error.code ?? error.message,
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      await pause(Math.random() * 20);
    }
  };
  const running = Array.from({ length: clients }, client);
  stopLoad = async () => {
    isRunning = false;
    await Promise.all(running);
    return outcomes;
  };
  return stopLoad;
}

let balancer;
try {
  await Promise.all(hosts.map(startService));
  const configuration = readFileSync('deploy/haproxy/haproxy.cfg', 'utf8');
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    configuration.replace('parse-resolv-conf', `nameserver here 127.0.0.1:${names.address().port}`),
  );
  balancer = start('haproxy', ['-db', '-f', file], {
    LISTEN: `127.0.0.1:${balancerPort}`,
    UNKEY_SERVERS: `unkey.test:${port}`,
  });
  await until(
    'the balancer answers',
    async () => (await call({ ...liveness, port: balancerPort })).status === 200,
  );

  await check('calls go to every process', async () => {
    const stop = load(createApi);
    await until('every process has an API', async () => hosts.every((host) => auditOf(host).length > 0));
    assert.deepEqual(Object.keys(await stop()), ['200']);
  });

  await check('what a client says about its address does not count', async () => {
    const headers = { ...headersOfLoad, 'x-forwarded-for': '203.0.113.9' };
    await call({ ...createApi, port: balancerPort, headers, localAddress: '127.0.0.99' });
    const addresses = hosts.flatMap((host) => auditOf(host).map(({ remoteIp }) => remoteIp));
    assert.ok(addresses.includes('127.0.0.99'), 'the address it came from is recorded');
    assert.ok(!addresses.includes('203.0.113.9'), 'the address it claimed is not');
  });

  await check('figures and readiness are not for the outside', async () => {
    for (const path of ['/metrics', '/health/ready']) {
      assert.equal((await call({ port: balancerPort, path })).status, 404, path);
    }
    assert.equal((await call({ port: balancerPort, path: '/health/live' })).status, 200);
  });

  await check('a rolling restart under load fails no call', async () => {
    const stop = load(liveness);
    for (const host of hosts) {
      const service = services.get(host);
      service.kill('SIGTERM');
      assert.equal(await service.ended, 0);
      // It went away because it said so, not because a call failed.
      assert.match(stateOf(host).reason ?? '', /code: 503/);
      await startService(host);
      await until(`${host} gets calls`, () => stateOf(host).isUp);
    }
    assert.deepEqual(Object.keys(await stop()), ['200']);
  });

  await check('a process that is killed fails only the calls that it had', async () => {
    const stop = load(liveness);
    const [host] = hosts;
    services.get(host).kill('SIGKILL');
    await services.get(host).ended;
    await until(`${host} gets no calls`, () => !stateOf(host).isUp);
    const { 200: answered, ...others } = await stop();
    assert.ok(answered > 0);
    const lost = Object.values(others).reduce((sum, count) => sum + count, 0);
    assert.ok(lost <= clients, `${lost} of ${clients} clients lost a call: ${JSON.stringify(others)}`);
  });
} finally {
  for (const child of children) child.kill('SIGKILL');
  names.close();
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
