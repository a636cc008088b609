import { randomBytes } from 'node:crypto';
import type { Client, Notification } from 'pg';
import pg from 'pg';
import { errorFields, type Log } from '../../base/log.ts';
import type { ChangeListener } from '../changes.ts';
import type { Freshness } from '../port/storage.ts';

const heartbeatMs = 1000;
const reconnectMs = 500;
/** A process that received no heartbeat of its own for this long is stale. */
const staleAfterMs = 4000;
/** The payload of a notification is limited to 7999 bytes. */
const maxTagBytes = 7500;
const channel = 'unkey_changes';

/** The payload that a commit sends; `tags` null: anything may have changed. */
interface Announcement {
  readonly from: string;
  /** Unix milliseconds by the clock of the database. */
  readonly at: number;
  readonly tags: readonly string[] | null;
}

export interface ChangeChannel {
  /** Resolves after the first attempt to listen, whether it succeeded or not. */
  readonly started: Promise<void>;
  readonly freshness: Freshness;
  /** Whether notifications of other processes arrive. */
  isUp(): boolean;
  /** The SQL statement that announces these changes when its transaction commits. */
  announcementOf(tags: ReadonlySet<string>): string;
  /** Replaces the connection at once. */
  reconnect(): void;
  close(): Promise<void>;
}

export interface ChangeChannelOptions {
  readonly createClient: () => Client;
  readonly connect: (client: Client) => Promise<void>;
  /** Throws if the client leads to a server that is not the primary any more. */
  readonly recheck: (client: Client) => Promise<void>;
  /** Whether the database replies on other connections; resolves soon. */
  readonly isAnswering: () => Promise<boolean>;
  readonly onCommit: ChangeListener;
  /** Called with the seconds between a commit of another process and its notification. */
  readonly onLag: (seconds: number) => void;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/**
 * Receives commits of other processes by LISTEN/NOTIFY. Once a second the process also notifies itself: notifications
 * arrive in commit order, so after its own heartbeat all earlier notifications have arrived.
 */
export function openChangeChannel(options: ChangeChannelOptions): ChangeChannel {
  const processId = randomBytes(8).toString('hex');
  const listener = new Listener(options, processId);
  return {
    started: listener.running,
    freshness: listener.freshness,
    isUp: () => listener.isUp(),
    announcementOf: (tags) => announcementSql(processId, tags),
    reconnect: () => listener.reconnect(),
    close: () => listener.close(),
  };
}

/** One listening connection, replaced when it breaks. */
class Listener {
  readonly freshness = { syncedUntil: Number.NEGATIVE_INFINITY, isReachable: true };
  running: Promise<void>;
  readonly #options: ChangeChannelOptions;
  readonly #processId: string;
  #client: Client | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isDown = false;
  /** Milliseconds by which the clock of the database is ahead of the clock of this process. */
  #clockOffset = 0;

  constructor(options: ChangeChannelOptions, processId: string) {
    this.#options = options;
    this.#processId = processId;
    this.running = this.#connect('first');
  }

  isUp(): boolean {
    return !this.#isDown && performance.now() - this.freshness.syncedUntil < staleAfterMs;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
    await this.running;
  }

  reconnect(): void {
    if (this.#client !== null) this.#drop(this.#client, 0);
  }

  #schedule(milliseconds: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.running = work();
    }, milliseconds).unref();
  }

  async #connect(attempt: 'first' | 'again'): Promise<void> {
    const { createClient, connect, onCommit, log } = this.#options;
    const client = createClient();
    this.#client = client;
    client.on('error', (error) => this.#disconnected(client, error));
    client.on('end', () => this.#disconnected(client));
    client.on('notification', (notification) => {
      if (this.#client === client) this.#onNotification(notification);
    });
    // The driver never settles a `connect` whose client is ended meanwhile.
    const ended = new Promise<never>((_, reject) => {
      client.once('end', () => reject(new Error('The connection has ended.')));
    });
    ended.catch(() => {});
    try {
      await Promise.race([connect(client), ended]);
      await client.query(`LISTEN ${channel}; LISTEN ${channel}_${this.#processId}`);
      this.freshness.isReachable = true;
      // Commits made while nobody listened.
      if (attempt === 'again') onCommit(null);
      if (this.#isDown) log.info('notifications of other processes arrive again');
      this.#isDown = false;
      await this.#heartbeat(client);
    } catch (error) {
      this.#disconnected(client, error);
    }
  }

  #disconnected(client: Client, error?: unknown): void {
    if (this.#client !== client) return;
    this.#drop(client, reconnectMs);
    if (!this.#isDown)
      this.#options.log.warn({ err: errorFields(error) }, 'notifications of other processes do not arrive');
    this.#isDown = true;
  }

  #drop(client: Client, delayMs: number): void {
    this.#client = null;
    client.end().catch(() => {});
    void this.#checkReachable();
    this.#schedule(delayMs, () => this.#connect('again'));
  }

  // Perhaps only this connection broke: while others work, lookups query the database instead of trusting the cache.
  async #checkReachable(): Promise<void> {
    this.freshness.isReachable = await this.#options.isAnswering();
  }

  async #heartbeat(client: Client): Promise<void> {
    if (this.#client !== client) return;
    const sentAt = performance.now();
    try {
      const { rows } = await client.query<{ now: number }>(
        `SELECT pg_notify('${channel}_${this.#processId}', $1),
          extract(epoch from clock_timestamp())::float8 * 1000 AS now`,
        [String(sentAt)],
      );
      const halfRoundTrip = (performance.now() - sentAt) / 2;
      this.#clockOffset = (rows[0]?.now ?? Date.now()) + halfRoundTrip - Date.now();
      await this.#options.recheck(client);
      if (this.#client !== client) return;
      this.freshness.isReachable = true;
      this.#schedule(heartbeatMs, () => this.#heartbeat(client));
    } catch (error) {
      this.#disconnected(client, error);
    }
  }

  #onNotification({ channel: receivedOn, payload = '' }: Notification): void {
    if (receivedOn !== channel) {
      this.freshness.syncedUntil = Number(payload);
      return;
    }
    const { from, at, tags } = parseAnnouncement(payload);
    if (from === this.#processId) return;
    this.#options.onLag(Math.max(0, Date.now() + this.#clockOffset - at) / 1000);
    this.#options.onCommit(tags === null ? null : new Set(tags));
  }
}

function announcementSql(processId: string, tags: ReadonlySet<string>): string {
  const list = JSON.stringify([...tags]);
  const text = pg.escapeLiteral(Buffer.byteLength(list) > maxTagBytes ? 'null' : list);
  const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
  return `SELECT pg_notify('${channel}', '{"from":"${processId}","at":' || ${now} || ',"tags":' || ${text} || '}')`;
}

/** A payload that cannot be parsed comes from another version of unkey-ts: anything may have changed. */
function parseAnnouncement(payload: string): Announcement {
  try {
    return JSON.parse(payload) as Announcement;
  } catch {
    return { from: '', at: Date.now(), tags: null };
  }
}
