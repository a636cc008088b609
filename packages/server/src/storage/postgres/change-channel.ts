import { randomBytes } from 'node:crypto';
import type { Client, Notification } from 'pg';
import pg from 'pg';
import { errorFields, type Log } from '../../base/log.ts';
import type { ChangeListener } from '../changes.ts';
import type { Freshness } from '../port/storage.ts';

/** How often a process proves to itself that it hears. */
const beatMs = 1000;
const reconnectMs = 500;
/** A notification of PostgreSQL holds less than 8000 bytes. */
const maxTagBytes = 7500;
const channel = 'unkey_changes';

/** What travels with a commit; `tags` null: anything may have changed. */
interface Announcement {
  readonly from: string;
  /** Unix milliseconds by the database's clock. */
  readonly at: number;
  readonly tags: readonly string[] | null;
}

export interface ChangeChannel {
  /** Settles after the first attempt to listen, however that ends. */
  readonly started: Promise<void>;
  readonly freshness: Freshness;
  /** Whether this process hears what others commit. */
  isUp(): boolean;
  /** The statement that tells of these changes when its transaction commits. */
  announcementOf(tags: ReadonlySet<string>): string;
  close(): Promise<void>;
}

export interface ChangeChannelOptions {
  /** A new connection, not yet connected. */
  readonly single: () => Client;
  /** Whether the database answers on other connections; resolves soon. */
  readonly isAnswering: () => Promise<boolean>;
  readonly onCommit: ChangeListener;
  /** Called with the seconds that another process's change took to arrive. */
  readonly onLag: (seconds: number) => void;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/** A process that has not heard itself for this long does not hear others either. */
const deafAfterMs = 4000;

/**
 * What other processes commit, as notifications of the database. Each process also notifies itself once a second:
 * notifications come in the order of their commits, so with its own all earlier ones have come.
 */
export function openChangeChannel(options: ChangeChannelOptions): ChangeChannel {
  const { single, isAnswering, onCommit, onLag, log } = options;
  const self = randomBytes(8).toString('hex');
  const state = { knownUntil: Number.NEGATIVE_INFINITY, isReachable: true };
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isLost = false;
  /** Milliseconds by which the database's clock is ahead of this process's. */
  let clockOffset = 0;
  let running: Promise<void> = connect('first');

  function later(milliseconds: number, work: () => Promise<void>): void {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(() => {
      running = work();
    }, milliseconds).unref();
  }

  async function connect(time: 'first' | 'again'): Promise<void> {
    const next = single();
    client = next;
    const lose = (error?: unknown) => {
      if (client !== next) return;
      client = null;
      next.end().catch(() => {});
      void askWhetherReachable();
      if (!isLost) log.warn({ err: errorFields(error) }, 'changes of other processes are not heard of');
      isLost = true;
      later(reconnectMs, () => connect('again'));
    };
    next.on('error', lose);
    next.on('end', () => lose());
    next.on('notification', hear);
    try {
      await next.connect();
      await next.query(`LISTEN ${channel}; LISTEN ${channel}_${self}`);
      state.isReachable = true;
      // What was committed while nobody listened.
      if (time === 'again') onCommit(null);
      if (isLost) log.info('changes of other processes are heard of again');
      isLost = false;
      await beat(next, lose);
    } catch (error) {
      lose(error);
    }
  }

  // This connection may be the only one that is cut off: as long as others are answered, to ask is better than to trust.
  async function askWhetherReachable(): Promise<void> {
    state.isReachable = await isAnswering();
  }

  async function beat(on: Client, lose: (error: unknown) => void): Promise<void> {
    if (client !== on) return;
    const sentAt = performance.now();
    try {
      const { rows } = await on.query<{ now: number }>(
        `SELECT pg_notify('${channel}_${self}', $1), extract(epoch from clock_timestamp())::float8 * 1000 AS now`,
        [String(sentAt)],
      );
      const halfway = (performance.now() - sentAt) / 2;
      clockOffset = (rows[0]?.now ?? Date.now()) + halfway - Date.now();
      state.isReachable = true;
      later(beatMs, () => beat(on, lose));
    } catch (error) {
      lose(error);
    }
  }

  function hear({ channel: heardOn, payload = '' }: Notification): void {
    if (heardOn !== channel) {
      state.knownUntil = Number(payload);
      return;
    }
    // Only processes of ours know of the channel; what one of another version says is treated as anything.
    const { from, at, tags } = announcementIn(payload);
    if (from === self) return;
    onLag(Math.max(0, Date.now() + clockOffset - at) / 1000);
    onCommit(tags === null ? null : new Set(tags));
  }

  return {
    started: running,
    freshness: state,
    isUp: () => !isLost && performance.now() - state.knownUntil < deafAfterMs,
    announcementOf(tags) {
      const list = JSON.stringify([...tags]);
      const text = pg.escapeLiteral(Buffer.byteLength(list) > maxTagBytes ? 'null' : list);
      const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
      return `SELECT pg_notify('${channel}', '{"from":"${self}","at":' || ${now} || ',"tags":' || ${text} || '}')`;
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const last = client;
      client = null;
      await last?.end().catch(() => {});
      await running;
    },
  };
}

function announcementIn(payload: string): Announcement {
  try {
    return JSON.parse(payload) as Announcement;
  } catch {
    return { from: '', at: Date.now(), tags: null };
  }
}
