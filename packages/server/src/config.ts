import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dayMs, hourMs, parseUnits } from './base/duration.ts';
import { errorCode } from './base/error-code.ts';
import { type LogLevel, logLevels } from './base/log.ts';
import { type OutageMode, outageModes } from './counters/port.ts';
import { parseRedisAddresses, type RedisAddress, RedisAddressError } from './counters/redis/address.ts';
import { isAddressRange } from './domain/network/ip-allow-list.ts';
import { MasterKeyError, parseConfiguredMasterKeys } from './secrets/master-keys.ts';

/** What the server is told from outside; frozen. `undefined` means "not given". */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** `postgres://…`, with the password in it; absent: a SQLite file in the data folder. */
  readonly databaseUrl: string | undefined;
  /** For how long what is remembered of the database is used while that cannot be reached. */
  readonly maxStalenessMs: number;
  /** How many keys are remembered at most, to be verified without asking the database. */
  readonly keyCacheSize: number;
  /** For how long a stop goes on answering new connections while it says that it is not ready. Default 0. */
  readonly drainDelayMs: number;
  readonly rootKey: string | undefined;
  /** As written in the variable: `off`, or base64 keys with commas between them, the current one first. */
  readonly masterKey: string | undefined;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  /** Where limits are counted; several are nodes of one cluster. Undefined: in this process. */
  readonly redis: readonly RedisAddress[] | undefined;
  readonly limitsOnOutage: OutageMode;
  /** Whether verifications and limit decisions leave usage events. Default true. */
  readonly isRecordingEvents: boolean;
  /** For how long usage events are kept; null: for good. */
  readonly eventsRetentionMs: number | null;
  /** Whether common requests bypass `node:http`. Default true. */
  readonly hasFastPath: boolean;
}

export type ConfigFlag = 'host' | 'port' | 'data-dir' | 'log-level' | 'trusted-proxies';

export interface ConfigSources {
  flags: Partial<Readonly<Record<ConfigFlag, string | undefined>>>;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder of `unkey.config.json`, and where a relative data folder starts. */
  cwd: string;
}

/** Everything that is wrong with the configuration, all at once. No secret's value is in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

interface Setting<Value> {
  flag?: ConfigFlag;
  variable: string;
  member?: string;
  fallback: Value;
  parse(given: unknown): Value;
}

type ConfigFile = Readonly<Record<string, unknown>>;

/** The reason, to follow the setting's name in a problem: "must be …". */
class InvalidValue extends Error {}

const configFile = 'unkey.config.json';
const fileMembers = [
  'host',
  'port',
  'dataDir',
  'trustedProxies',
  'logLevel',
  'limitsOnOutage',
  'keyCacheSize',
];

/** First match wins: flags, environment, `unkey.config.json`, default. An empty variable counts as not set. */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const file = readConfigFile(join(sources.cwd, configFile), problems);
  const read = <Value>(setting: Setting<Value>) => readSetting(setting, sources, file, problems);

  const config: Config = {
    host: read({ flag: 'host', variable: 'HOST', member: 'host', fallback: '127.0.0.1', parse: parseHost }),
    port: read({ flag: 'port', variable: 'PORT', member: 'port', fallback: 7070, parse: parsePort }),
    dataDir: read({
      flag: 'data-dir',
      variable: 'UNKEY_DATA_DIR',
      member: 'dataDir',
      fallback: resolve(sources.cwd, 'data'),
      parse: (given) => resolve(sources.cwd, parseFolder(given)),
    }),
    databaseUrl: read({ variable: 'DATABASE_URL', fallback: undefined, parse: parseDatabaseUrl }),
    maxStalenessMs: read({ variable: 'UNKEY_MAX_STALENESS', fallback: 300_000, parse: parseDuration }),
    keyCacheSize: read({
      variable: 'UNKEY_KEY_CACHE_SIZE',
      member: 'keyCacheSize',
      fallback: 200_000,
      parse: parseKeyCacheSize,
    }),
    drainDelayMs: read({ variable: 'UNKEY_DRAIN_DELAY', fallback: 0, parse: parseDuration }),
    rootKey: read({ variable: 'UNKEY_ROOT_KEY', fallback: undefined, parse: parseRootKey }),
    masterKey: read({ variable: 'UNKEY_MASTER_KEY', fallback: undefined, parse: parseMasterKey }),
    trustedProxies: read({
      flag: 'trusted-proxies',
      variable: 'UNKEY_TRUSTED_PROXIES',
      member: 'trustedProxies',
      fallback: Object.freeze([]),
      parse: parseTrustedProxies,
    }),
    logLevel: read({
      flag: 'log-level',
      variable: 'LOG_LEVEL',
      member: 'logLevel',
      fallback: 'info',
      parse: parseLogLevel,
    }),
    redis: read({ variable: 'REDIS_URL', fallback: undefined, parse: parseRedis }),
    limitsOnOutage: read({
      variable: 'UNKEY_LIMITS_ON_OUTAGE',
      member: 'limitsOnOutage',
      fallback: 'local',
      parse: parseOutageMode,
    }),
    isRecordingEvents: read({ variable: 'UNKEY_EVENTS', fallback: true, parse: parseSwitch }),
    eventsRetentionMs: read({
      variable: 'UNKEY_EVENTS_RETENTION',
      fallback: 90 * dayMs,
      parse: parseRetention,
    }),
    hasFastPath: read({ variable: 'UNKEY_HTTP_FAST_PATH', fallback: true, parse: parseSwitch }),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

function readConfigFile(path: string, problems: string[]): ConfigFile {
  const text = readIfThere(path, problems);
  if (text === undefined) return {};
  const file = parseObject(text);
  if (file === undefined) {
    problems.push(`${path} must hold one JSON object with the members ${fileMembers.join(', ')}.`);
    return {};
  }
  for (const member of Object.keys(file)) {
    if (fileMembers.includes(member)) continue;
    problems.push(
      `${configFile}: unknown member ${JSON.stringify(member)}; allowed are ${fileMembers.join(', ')}.`,
    );
  }
  return file;
}

function readIfThere(path: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error';
    if (code !== 'ENOENT') problems.push(`${path} cannot be read (${code}). Make it readable or remove it.`);
    return undefined;
  }
}

function parseObject(text: string): ConfigFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

function readSetting<Value>(
  setting: Setting<Value>,
  sources: ConfigSources,
  file: ConfigFile,
  problems: string[],
): Value {
  const found = findGiven(setting, sources, file);
  if (found === undefined) return setting.fallback;
  try {
    return setting.parse(found.given);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    problems.push(`${found.name} ${error.message}`);
    return setting.fallback;
  }
}

function findGiven<Value>(
  { flag, variable, member }: Setting<Value>,
  { flags, env }: ConfigSources,
  file: ConfigFile,
): { name: string; given: unknown } | undefined {
  if (flag !== undefined && flags[flag] !== undefined) return { name: `--${flag}`, given: flags[flag] };
  if (isGiven(env[variable])) return { name: variable, given: env[variable] };
  if (member !== undefined && file[member] !== undefined) {
    return { name: `${configFile}: ${member}`, given: file[member] };
  }
  return undefined;
}

function isGiven(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}

function parseHost(given: unknown): string {
  if (typeof given === 'string' && /^[A-Za-z0-9.:_%-]+$/.test(given)) return given;
  throw new InvalidValue(
    `is ${shown(given)}; it must be an IP address or a host name, such as 127.0.0.1 or ::.`,
  );
}

function parsePort(given: unknown): number {
  const port = typeof given === 'string' && /^\d{1,5}$/.test(given) ? Number(given) : given;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidValue(
    `is ${shown(given)}; it must be an integer from 0 to 65535 (0 takes any free port).`,
  );
}

function parseFolder(given: unknown): string {
  if (typeof given === 'string' && given !== '' && !given.includes('\0')) return given;
  throw new InvalidValue(`is ${shown(given)}; it must be the path of a folder.`);
}

function parseDatabaseUrl(given: unknown): string {
  const url = typeof given === 'string' ? given.trim() : '';
  // Not shown: it may hold a password.
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new InvalidValue('must be a URL as postgres://USER:PASSWORD@HOST:5432/DATABASE.');
}

function parseDuration(given: unknown): number {
  const text = String(given).trim();
  const milliseconds = parseUnits(/^\d+$/.test(text) ? `${text}ms` : text);
  if (milliseconds !== null) return milliseconds;
  throw new InvalidValue(
    `is ${shown(given)}; it must be a number of milliseconds, or one with a unit: 500ms, 30s, 5m, 1h, 7d.`,
  );
}

function parseSwitch(given: unknown): boolean {
  if (given === 'on' || given === 'off') return given === 'on';
  throw new InvalidValue(`is ${shown(given)}; it must be on or off.`);
}

/** At least an hour: a number of days that lost its unit must not delete what there is. */
function parseRetention(given: unknown): number | null {
  if (given === 'off') return null;
  const milliseconds = parseDuration(given);
  if (milliseconds >= hourMs) return milliseconds;
  throw new InvalidValue(`is ${shown(given)}; it must be at least 1h, such as 90d, or off.`);
}

function parseKeyCacheSize(given: unknown): number {
  const size = /^\d{1,8}$/.test(String(given)) ? Number(given) : 0;
  if (size >= 1000 && size <= 10_000_000) return size;
  throw new InvalidValue(`is ${shown(given)}; it must be a number of keys from 1000 to 10000000.`);
}

function parseRootKey(given: unknown): string {
  if (typeof given === 'string' && /^[\x21-\x7e]{1,512}$/.test(given)) return given;
  throw new InvalidValue('must be 1 to 512 printable ASCII characters without spaces.');
}

function parseMasterKey(given: unknown): string {
  const configured = String(given).trim();
  try {
    parseConfiguredMasterKeys(configured);
  } catch (error) {
    if (error instanceof MasterKeyError) throw new InvalidValue(error.message);
    throw error;
  }
  return configured;
}

function parseTrustedProxies(given: unknown): readonly string[] {
  const entries: unknown[] =
    typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : [null];
  const proxies: string[] = [];
  for (const entry of entries) {
    const proxy = typeof entry === 'string' ? entry.trim() : '';
    if (!isAddressRange(proxy)) {
      throw new InvalidValue(
        `has the entry ${shown(entry)}; each must be an IP address or a CIDR range, such as 10.0.0.0/8 or fd00::/8.`,
      );
    }
    proxies.push(proxy);
  }
  return Object.freeze(proxies);
}

function parseLogLevel(given: unknown): LogLevel {
  const level = logLevels.find((known) => typeof given === 'string' && known === given.toLowerCase());
  if (level !== undefined) return level;
  throw new InvalidValue(`is ${shown(given)}; it must be one of ${logLevels.join(', ')}.`);
}

function parseRedis(given: unknown): readonly RedisAddress[] {
  try {
    return Object.freeze(parseRedisAddresses(String(given)));
  } catch (error) {
    if (error instanceof RedisAddressError) throw new InvalidValue(error.message);
    throw error;
  }
}

function parseOutageMode(given: unknown): OutageMode {
  const mode = outageModes.find((known) => known === given);
  if (mode !== undefined) return mode;
  throw new InvalidValue(`is ${shown(given)}; it must be one of ${outageModes.join(', ')}.`);
}

function shown(given: unknown): string {
  return JSON.stringify(given) ?? 'nothing';
}
