import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConnectionUrlError } from './base/connection-url.ts';
import { dayMs, hourMs, parseUnits } from './base/duration.ts';
import { errorCode } from './base/error-code.ts';
import { type LogLevel, logLevels } from './base/log.ts';
import { type OutageMode, outageModes } from './counters/port.ts';
import { parseRedisAddresses, type RedisAddress } from './counters/redis/address.ts';
import { isAddressRange } from './domain/network/ip-allow-list.ts';
import { MasterKeyError, parseConfiguredMasterKeys } from './secrets/master-keys.ts';
import { parseDatabaseUrl } from './storage/postgres/database-url.ts';

/** The settings of a server; frozen. `undefined` means "not set". */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** `postgres://…`, with its password. Undefined: a SQLite file in the data folder. */
  readonly databaseUrl: string | undefined;
  /** How long cached rows are used while the database cannot be reached, in milliseconds. */
  readonly maxStalenessMs: number;
  /** Capacity of the key cache, in keys. */
  readonly keyCacheSize: number;
  /** How long a stopping server still accepts connections while it reports that it is not ready. Default 0. */
  readonly drainDelayMs: number;
  readonly rootKey: string | undefined;
  /** As set: `off`, or comma-separated base64 keys, the current one first. */
  readonly masterKey: string | undefined;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  /** Servers that count limits; several are nodes of one cluster. Undefined: this process, or PostgreSQL. */
  readonly redis: readonly RedisAddress[] | undefined;
  readonly limitsOnOutage: OutageMode;
  /** Whether verifications and limit decisions are recorded as usage events. Default true. */
  readonly isRecordingEvents: boolean;
  /** How long usage events are kept; null: forever. */
  readonly eventsRetentionMs: number | null;
  /** How long records of the audit log are kept; null: forever. */
  readonly auditRetentionMs: number | null;
  /** Whether common requests bypass `node:http`. Default true. */
  readonly hasFastPath: boolean;
}

export type ConfigFlag = 'host' | 'port' | 'data-dir' | 'log-level' | 'trusted-proxies';

export interface ConfigSources {
  flags: Partial<Readonly<Record<ConfigFlag, string | undefined>>>;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder of `unkey.config.json`; a relative data folder is resolved against it. */
  cwd: string;
}

/** All problems of the configuration at once. It contains no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

interface Setting<Value> {
  flag?: ConfigFlag;
  variable: string;
  member?: string;
  /** Its value is never shown. */
  isSecret?: true;
  fallback: Value;
  parse(value: unknown): Value;
}

type ConfigFile = Readonly<Record<string, unknown>>;

/** The rest of a problem, after the name of the setting: "must be …". */
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

/** A setting as `unkey config` shows it. */
export interface SettingState {
  readonly variable: string;
  /** As it was set, or the default; null: not set and without a default. Secrets are `(hidden)`. */
  readonly value: string | null;
  /** `--port`, `PORT`, `unkey.config.json: port` or `default`. */
  readonly source: string;
}

interface ReadConfig {
  readonly config: Config;
  readonly settings: readonly SettingState[];
  readonly problems: readonly string[];
}

/** First match wins: flags, environment, `unkey.config.json`, default. An empty variable counts as not set. */
export function loadConfig(sources: ConfigSources): Config {
  const { config, problems } = readConfig(sources);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** What applies where nothing is set. Reads neither the environment nor the disk. */
export function defaultConfig(cwd: string): Config {
  return Object.freeze(configFrom(({ fallback }) => fallback, cwd));
}

/** All settings with their sources, also of a configuration that is not valid. */
export function describeConfig(sources: ConfigSources): Pick<ReadConfig, 'settings' | 'problems'> {
  const { settings, problems } = readConfig(sources);
  return { settings, problems };
}

function readConfig(sources: ConfigSources): ReadConfig {
  const problems: string[] = [];
  const settings: SettingState[] = [];
  const file = readConfigFile(join(sources.cwd, configFile), problems);
  const read = <Value>(setting: Setting<Value>) => {
    settings.push(stateOf(setting, findValue(setting, sources, file)));
    return readSetting(setting, sources, file, problems);
  };

  const config = Object.freeze(configFrom(read, sources.cwd));
  return { config, settings, problems };
}

/** All settings: a list of declarations. */
function configFrom(read: <Value>(setting: Setting<Value>) => Value, cwd: string): Config {
  return {
    host: read({ flag: 'host', variable: 'HOST', member: 'host', fallback: '127.0.0.1', parse: parseHost }),
    port: read({ flag: 'port', variable: 'PORT', member: 'port', fallback: 7070, parse: parsePort }),
    dataDir: read({
      flag: 'data-dir',
      variable: 'UNKEY_DATA_DIR',
      member: 'dataDir',
      fallback: resolve(cwd, 'data'),
      parse: (value) => resolve(cwd, parseFolder(value)),
    }),
    databaseUrl: read({
      variable: 'DATABASE_URL',
      isSecret: true,
      fallback: undefined,
      parse: parseDatabase,
    }),
    maxStalenessMs: read({ variable: 'UNKEY_MAX_STALENESS', fallback: 300_000, parse: parseDuration }),
    keyCacheSize: read({
      variable: 'UNKEY_KEY_CACHE_SIZE',
      member: 'keyCacheSize',
      fallback: 200_000,
      parse: parseKeyCacheSize,
    }),
    drainDelayMs: read({ variable: 'UNKEY_DRAIN_DELAY', fallback: 0, parse: parseDuration }),
    rootKey: read({ variable: 'UNKEY_ROOT_KEY', isSecret: true, fallback: undefined, parse: parseRootKey }),
    masterKey: read({
      variable: 'UNKEY_MASTER_KEY',
      isSecret: true,
      fallback: undefined,
      parse: parseMasterKey,
    }),
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
    redis: read({ variable: 'REDIS_URL', isSecret: true, fallback: undefined, parse: parseRedis }),
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
    auditRetentionMs: read({ variable: 'UNKEY_AUDIT_RETENTION', fallback: null, parse: parseRetention }),
    hasFastPath: read({ variable: 'UNKEY_HTTP_FAST_PATH', fallback: true, parse: parseSwitch }),
  };
}

function stateOf<Value>(
  { variable, isSecret, fallback }: Setting<Value>,
  found: { name: string; value: unknown } | undefined,
): SettingState {
  if (found === undefined) return { variable, value: textOf(fallback), source: 'default' };
  return { variable, value: isSecret ? '(hidden)' : textOf(found.value), source: found.name };
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return Array.isArray(value) ? value.join(',') : String(value);
}

function readConfigFile(path: string, problems: string[]): ConfigFile {
  const text = readIfThere(path, problems);
  if (text === undefined) return {};
  const file = parseObject(text);
  if (file === undefined) {
    problems.push(`${path} must be one JSON object with the members ${fileMembers.join(', ')}.`);
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
  const found = findValue(setting, sources, file);
  if (found === undefined) return setting.fallback;
  try {
    return setting.parse(found.value);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    problems.push(`${found.name} ${error.message}`);
    return setting.fallback;
  }
}

function findValue<Value>(
  { flag, variable, member }: Setting<Value>,
  { flags, env }: ConfigSources,
  file: ConfigFile,
): { name: string; value: unknown } | undefined {
  if (flag !== undefined && flags[flag] !== undefined) return { name: `--${flag}`, value: flags[flag] };
  if (isSet(env[variable])) return { name: variable, value: env[variable] };
  if (member !== undefined && file[member] !== undefined) {
    return { name: `${configFile}: ${member}`, value: file[member] };
  }
  return undefined;
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}

function parseHost(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9.:_%-]+$/.test(value)) return value;
  throw new InvalidValue(
    `is ${shown(value)}; it must be an IP address or a host name, such as 127.0.0.1 or ::.`,
  );
}

function parsePort(value: unknown): number {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidValue(
    `is ${shown(value)}; it must be an integer from 0 to 65535 (0 takes any free port).`,
  );
}

function parseFolder(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw new InvalidValue(`is ${shown(value)}; it must be the path of a folder.`);
}

function parseDatabase(value: unknown): string {
  return parseUrl(parseDatabaseUrl, value);
}

/** A failure has nothing of the URL: it may contain a password. */
function parseUrl<Value>(parse: (text: string) => Value, value: unknown): Value {
  try {
    return parse(String(value));
  } catch (error) {
    if (error instanceof ConnectionUrlError) throw new InvalidValue(error.message);
    throw error;
  }
}

function parseDuration(value: unknown): number {
  const text = String(value).trim();
  const milliseconds = parseUnits(/^\d+$/.test(text) ? `${text}ms` : text);
  if (milliseconds !== null) return milliseconds;
  throw new InvalidValue(
    `is ${shown(value)}; it must be a number of milliseconds, or one with a unit: 500ms, 30s, 5m, 1h, 7d.`,
  );
}

function parseSwitch(value: unknown): boolean {
  if (value === 'on' || value === 'off') return value === 'on';
  throw new InvalidValue(`is ${shown(value)}; it must be on or off.`);
}

/** At least an hour: a number of days without its unit must not delete everything. */
function parseRetention(value: unknown): number | null {
  if (value === 'off') return null;
  const milliseconds = parseDuration(value);
  if (milliseconds >= hourMs) return milliseconds;
  throw new InvalidValue(`is ${shown(value)}; it must be at least 1h, such as 90d, or off.`);
}

function parseKeyCacheSize(value: unknown): number {
  const size = /^\d{1,8}$/.test(String(value)) ? Number(value) : 0;
  if (size >= 1000 && size <= 10_000_000) return size;
  throw new InvalidValue(`is ${shown(value)}; it must be a number of keys from 1000 to 10000000.`);
}

/** Root keys of the emulator, which are no secrets, begin with this. */
export const emulatorKeyPrefix = 'unkey_emulator_';

function parseRootKey(value: unknown): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,512}$/.test(value)) {
    throw new InvalidValue('must be 16 to 512 printable ASCII characters without spaces.');
  }
  if (value.startsWith(emulatorKeyPrefix)) {
    throw new InvalidValue(
      `is a root key of the emulator, which everybody knows (it begins with ${emulatorKeyPrefix}). Create one: \`echo unkey_$(openssl rand -hex 24)\`.`,
    );
  }
  // It holds every permission: whoever guesses it has everything.
  if (value.length >= 16) return value;
  throw new InvalidValue(
    `must be at least 16 characters (has ${value.length}). Create one: \`echo unkey_$(openssl rand -hex 24)\`.`,
  );
}

function parseMasterKey(value: unknown): string {
  const configured = String(value).trim();
  try {
    parseConfiguredMasterKeys(configured);
  } catch (error) {
    if (error instanceof MasterKeyError) throw new InvalidValue(error.message);
    throw error;
  }
  return configured;
}

function parseTrustedProxies(value: unknown): readonly string[] {
  const entries: unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [null];
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

function parseLogLevel(value: unknown): LogLevel {
  const level = logLevels.find((known) => typeof value === 'string' && known === value.toLowerCase());
  if (level !== undefined) return level;
  throw new InvalidValue(`is ${shown(value)}; it must be one of ${logLevels.join(', ')}.`);
}

function parseRedis(value: unknown): readonly RedisAddress[] {
  return Object.freeze(parseUrl(parseRedisAddresses, value));
}

function parseOutageMode(value: unknown): OutageMode {
  const mode = outageModes.find((known) => known === value);
  if (mode !== undefined) return mode;
  throw new InvalidValue(`is ${shown(value)}; it must be one of ${outageModes.join(', ')}.`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
