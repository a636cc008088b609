import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError, type ConfigSources, describeConfig, loadConfig } from './config.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'unkey-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ flags: {}, env: {}, cwd, ...sources });
const writeFile = (value: unknown) =>
  writeFileSync(join(cwd, 'unkey.config.json'), typeof value === 'string' ? value : JSON.stringify(value));

function problemsOf(sources: Partial<ConfigSources>): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('without any source the defaults hold', () => {
  expect(load()).toEqual({
    host: '127.0.0.1',
    port: 7070,
    dataDir: join(cwd, 'data'),
    databaseUrl: undefined,
    maxStalenessMs: 300_000,
    keyCacheSize: 200_000,
    drainDelayMs: 0,
    rootKey: undefined,
    masterKey: undefined,
    trustedProxies: [],
    logLevel: 'info',
    redis: undefined,
    limitsOnOutage: 'local',
    isRecordingEvents: true,
    hasFastPath: true,
    eventsRetentionMs: 90 * 86_400_000,
    auditRetentionMs: null,
  });
});

test('a flag wins over the environment, that over the file, that over the default', () => {
  writeFile({ host: 'file', port: 1, logLevel: 'warn' });
  const config = load({ flags: { host: 'flag' }, env: { HOST: 'environment', PORT: '2' } });
  expect(config).toMatchObject({ host: 'flag', port: 2, logLevel: 'warn' });
});

test('every source of every setting is read', () => {
  writeFile({
    host: '::',
    port: 8080,
    dataDir: 'keys',
    trustedProxies: ['10.0.0.0/8'],
    logLevel: 'debug',
    limitsOnOutage: 'deny',
    keyCacheSize: 5000,
  });
  expect(load()).toMatchObject({
    host: '::',
    port: 8080,
    dataDir: join(cwd, 'keys'),
    trustedProxies: ['10.0.0.0/8'],
    logLevel: 'debug',
    limitsOnOutage: 'deny',
    keyCacheSize: 5000,
  });
  const env = { UNKEY_DATA_DIR: '/srv/keys', UNKEY_TRUSTED_PROXIES: '10.0.0.0/8, ::1', LOG_LEVEL: 'WARN' };
  expect(load({ env })).toMatchObject({
    dataDir: '/srv/keys',
    trustedProxies: ['10.0.0.0/8', '::1'],
    logLevel: 'warn',
  });
  const flags = { 'data-dir': 'd', 'trusted-proxies': '::1', 'log-level': 'fatal', port: '0' };
  expect(load({ flags, env })).toMatchObject({
    dataDir: join(cwd, 'd'),
    trustedProxies: ['::1'],
    logLevel: 'fatal',
    port: 0,
  });
});

test('an empty variable counts as not set', () => {
  expect(load({ env: { PORT: '', UNKEY_MASTER_KEY: ' ', DATABASE_URL: '' } })).toMatchObject({
    port: 7070,
    masterKey: undefined,
  });
});

test('a root key of the emulator is refused, because everybody knows it', () => {
  const [problem] = problemsOf({ env: { UNKEY_ROOT_KEY: 'unkey_emulator_root_key' } });
  expect(problem).toContain('UNKEY_ROOT_KEY is a root key of the emulator');
  expect(problem).not.toContain('root_key');
});

test('the configuration is frozen', () => {
  const config = load();
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.trustedProxies)).toBe(true);
});

test('all problems are reported at once, each with its name and the allowed values', () => {
  writeFile({ port: 'x', colour: 'red' });
  const env = { HOST: 'a b', UNKEY_TRUSTED_PROXIES: '10.0.0.0/33', UNKEY_ROOT_KEY: 'two words' };
  const problems = problemsOf({ env, flags: { 'log-level': 'loud' } });
  expect(problems).toHaveLength(6);
  for (const name of ['colour', 'HOST', 'unkey.config.json: port', 'ROOT_KEY', 'PROXIES', '--log-level']) {
    expect(problems.filter((problem) => problem.includes(name))).toHaveLength(1);
  }
});

test.each(['65536', '-1', '1.5', 'http', '', '0x10', '1e3'])('the port %j is refused', (port) => {
  expect(problemsOf({ flags: { port } })).toEqual([expect.stringContaining('from 0 to 65535')]);
});

test.each(['1.2.3', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', 'fe80::1%eth0', ',', 'localhost'])(
  'the trusted proxy %j is refused',
  (proxy) => expect(problemsOf({ env: { UNKEY_TRUSTED_PROXIES: proxy } })).toHaveLength(1),
);

test.each(['postgres://u:p@h/d', 'postgresql://u@127.0.0.1:5433/d?sslmode=verify-full'])(
  'the database %s is taken as it is',
  (url) => expect(load({ env: { DATABASE_URL: url } }).databaseUrl).toBe(url),
);

test.each(['mysql://user:secret@host/d', 'host=h password=secret', 'postgres://user:secret@[::/d'])(
  'the database %j is refused without its value',
  (url) => {
    const problems = problemsOf({ env: { DATABASE_URL: url } });
    expect(problems).toEqual([expect.stringContaining('DATABASE_URL must be a URL')]);
    expect(problems.join()).not.toContain('secret');
  },
);

test.each([
  ['DATABASE_URL', 'postgres://user:se?cret@host/d', /percent-encode/],
  ['DATABASE_URL', 'postgres://user:se#cret@host/d', /percent-encode/],
  ['DATABASE_URL', 'postgres://user:se/cret@host:5432/d', /percent-encode/],
  ['DATABASE_URL', 'postgres://user:secret@one,two/d', /several hosts/],
  ['DATABASE_URL', 'postgres://user:secret@one:1,two:2/d', /several hosts/],
  ['DATABASE_URL', 'postgres://user:secret@/d?host=one,two', /several hosts/],
  ['DATABASE_URL', 'postgres://user:se%cret@host/d', /write the % itself as %25/],
  ['DATABASE_URL', 'postgres://user:secret@host/d?sslmode=verfy-full', /unknown sslmode.*verify-full/],
  ['REDIS_URL', 'redis://:se%cret@host', /write the % itself as %25/],
  ['REDIS_URL', 'redis://:secret@one,two', /several hosts/],
  ['REDIS_URL', 'redis://:se?cret@host', /percent-encode/],
  ['REDIS_URL', 'redis://user:se#cret@host/0', /percent-encode/],
  ['REDIS_URL', 'rediss://user:se/cret@host', /percent-encode/],
])('%s=%s is refused with the remedy, and without its value', (name, value, remedy) => {
  const problems = problemsOf({ env: { [name]: value } });
  expect(problems).toEqual([expect.stringMatching(remedy)]);
  expect(problems.join()).not.toContain('cret@');
});

test.each([
  'postgres://u:a%3Fb%23c%2Fd@h/d',
  'postgres://u@/d?host=/run/postgresql',
  'postgres:///d?host=/run/postgresql',
  'postgres://u:a,b@h/d?sslmode=require',
  'postgres://h:5432/d?user=me@corp',
])('the database %s is accepted', (url) =>
  expect(load({ env: { DATABASE_URL: url } }).databaseUrl).toBe(url),
);

test.each([
  ['0', 0],
  ['1500', 1500],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['3d', 259_200_000],
])('the staleness %s is %i ms', (value, milliseconds) => {
  expect(load({ env: { UNKEY_MAX_STALENESS: value } }).maxStalenessMs).toBe(milliseconds);
});

test.each(['-1', '5 minutes', '1w', '1.5s', 's'])('the staleness %j is refused', (value) => {
  expect(problemsOf({ env: { UNKEY_MAX_STALENESS: value } })).toEqual([expect.stringContaining('30s, 5m')]);
});

test.each(['1000', '10000000'])('the key cache may hold %s keys', (value) => {
  expect(load({ env: { UNKEY_KEY_CACHE_SIZE: value } }).keyCacheSize).toBe(Number(value));
});

test.each(['999', '10000001', '1e6', '-5000', 'all'])('a key cache of %j is refused', (value) => {
  expect(problemsOf({ env: { UNKEY_KEY_CACHE_SIZE: value } })).toEqual([
    expect.stringMatching(/^UNKEY_KEY_CACHE_SIZE is ".+; it must be a number of keys from 1000 to/),
  ]);
});

test.each([
  ['off', null],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('the retention of events and of the audit log may be %s', (value, milliseconds) => {
  const env = { UNKEY_EVENTS_RETENTION: value, UNKEY_AUDIT_RETENTION: value };
  expect(load({ env })).toMatchObject({ eventsRetentionMs: milliseconds, auditRetentionMs: milliseconds });
});

test('the fast path is on, unless it is switched off', () => {
  expect(load({}).hasFastPath).toBe(true);
  expect(load({ env: { UNKEY_HTTP_FAST_PATH: 'off' } }).hasFastPath).toBe(false);
  expect(problemsOf({ env: { UNKEY_HTTP_FAST_PATH: 'no' } })).toEqual([
    'UNKEY_HTTP_FAST_PATH is "no"; it must be on or off.',
  ]);
});

test('usage events may be recorded or not', () => {
  expect(load({ env: { UNKEY_EVENTS: 'off' } }).isRecordingEvents).toBe(false);
  expect(load({ env: { UNKEY_EVENTS: 'on' } }).isRecordingEvents).toBe(true);
  expect(problemsOf({ env: { UNKEY_EVENTS: 'false' } })).toEqual([
    'UNKEY_EVENTS is "false"; it must be on or off.',
  ]);
});

test.each(['90', '0', '59m', 'never'])('a retention of %j is refused', (value) => {
  const env = { UNKEY_EVENTS_RETENTION: value, UNKEY_AUDIT_RETENTION: value };
  expect(problemsOf({ env })).toEqual([
    expect.stringMatching(/^UNKEY_EVENTS_RETENTION is ".+; it must be/),
    expect.stringMatching(/^UNKEY_AUDIT_RETENTION is ".+; it must be/),
  ]);
});

test('REDIS_URL is one server, or some nodes of a cluster', () => {
  expect(load({ env: { REDIS_URL: 'redis://host' } }).redis).toHaveLength(1);
  expect(load({ env: { REDIS_URL: 'redis://a,redis://b' } }).redis).toHaveLength(2);
});

test('an invalid REDIS_URL is refused without its value', () => {
  const problems = problemsOf({ env: { REDIS_URL: 'proto://user:secret@host' } });
  expect(problems).toEqual([expect.stringMatching(/^REDIS_URL must be redis:/)]);
  expect(problems.join()).not.toContain('secret');
});

test.each(['local', 'deny', 'allow'])('limits on outage may be %s', (mode) => {
  expect(load({ env: { UNKEY_LIMITS_ON_OUTAGE: mode } }).limitsOnOutage).toBe(mode);
});

test('limits on outage are one of three', () => {
  expect(problemsOf({ env: { UNKEY_LIMITS_ON_OUTAGE: 'maybe' } })).toEqual([
    'UNKEY_LIMITS_ON_OUTAGE is "maybe"; it must be one of local, deny, allow.',
  ]);
});

test.each(['{', '[]', 'null', '"text"'])('the file %s is refused', (text) => {
  writeFile(text);
  expect(problemsOf({})).toEqual([expect.stringContaining('one JSON object')]);
});

test('master keys are off or 32 bytes each', () => {
  const key = Buffer.alloc(32, 1).toString('base64');
  expect(load({ env: { UNKEY_MASTER_KEY: 'off' } }).masterKey).toBe('off');
  expect(load({ env: { UNKEY_MASTER_KEY: `${key},${key.replace('A', 'B')}` } }).masterKey).toContain(key);
});

test('a configured root key has at least 16 characters: it holds every permission', () => {
  const ofLength = (length: number) => ({ env: { UNKEY_ROOT_KEY: 'k'.repeat(length) } });
  expect(load(ofLength(16)).rootKey).toHaveLength(16);
  for (const length of [1, 15]) {
    expect(problemsOf(ofLength(length))).toEqual([
      expect.stringMatching(new RegExp(`UNKEY_ROOT_KEY.*at least 16 characters \\(has ${length}\\)`)),
    ]);
  }
});

test('no problem repeats a secret', () => {
  const env = { UNKEY_MASTER_KEY: 'short-secret', UNKEY_ROOT_KEY: 'root secret' };
  const problems = problemsOf({ env });
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toMatch(/short-secret|root secret/);
});

test('a description names the source of each setting, and shows no secret', () => {
  writeFile({ logLevel: 'warn' });
  const secrets = {
    DATABASE_URL: 'postgres://u:pass-word@h/d',
    REDIS_URL: 'redis://:pass-word@h',
    UNKEY_ROOT_KEY: 'pass-word',
  };
  const { settings, problems } = describeConfig({
    flags: { host: '::' },
    env: { PORT: '99999', ...secrets },
    cwd,
  });
  expect(settings).toEqual(
    expect.arrayContaining([
      { variable: 'HOST', value: '::', source: '--host' },
      { variable: 'PORT', value: '99999', source: 'PORT' },
      { variable: 'LOG_LEVEL', value: 'warn', source: 'unkey.config.json: logLevel' },
      { variable: 'UNKEY_EVENTS', value: 'on', source: 'default' },
      { variable: 'UNKEY_MASTER_KEY', value: null, source: 'default' },
      { variable: 'DATABASE_URL', value: '(hidden)', source: 'DATABASE_URL' },
    ]),
  );
  expect(problems.join()).toContain('PORT');
  expect(JSON.stringify({ settings, problems })).not.toContain('pass-word');
});

test('every setting whose name means a secret is hidden', () => {
  const names = describeConfig({ flags: {}, env: {}, cwd }).settings.map(({ variable }) => variable);
  const env = Object.fromEntries(names.map((name) => [name, 'not-to-be-seen']));
  const seen = describeConfig({ flags: {}, env, cwd }).settings.filter(
    ({ value }) => value === 'not-to-be-seen',
  );
  expect(
    seen.map(({ variable }) => variable).filter((name) => /URL$|_KEY$|SECRET|TOKEN|PASSWORD/.test(name)),
  ).toEqual([]);
});
