import { errorFields, type Log } from '../base/log.ts';
import { createBatchText } from './batch-text.ts';
import type { EventBatch, EventSink, EventWriter, UsageEvent } from './port.ts';

export interface EventBufferOptions {
  writer: EventWriter;
  log: Pick<Log, 'error' | 'info'>;
  /** Maximum number of buffered events, including the batch being written. Default 50,000. */
  capacity?: number;
  /** Maximum number of events in a batch. Default 1,000. */
  batchMax?: number;
  /** Milliseconds after which a batch is written although it is not full. Default 500. */
  intervalMs?: number;
}

/** Buffers events until a batch is full or `intervalMs` old. While the buffer is full, new events are dropped and counted. */
export function createEventBuffer(options: EventBufferOptions): EventSink {
  const { writer, log, capacity = 50_000, batchMax = 1000, intervalMs = 500 } = options;
  const filling = createBatchText();
  const full: EventBatch[] = [];
  let accepted = 0;
  let written = 0;
  let lost = 0;
  let refused = 0;
  let isClosed = false;
  let isFailing = false;
  let inFlight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const settled = () => written + lost;

  function record(event: UsageEvent): void {
    if (isClosed || accepted - settled() >= capacity) {
      refused++;
      return;
    }
    if (!filling.fits(event)) full.push(filling.flush());
    accepted++;
    filling.add(event);
    if (filling.count() >= batchMax || filling.isFull()) full.push(filling.flush());
    schedule();
  }

  function schedule(): void {
    if (inFlight !== undefined) return;
    if (full.length > 0) void writeNext();
    else if (filling.count() > 0) timer ??= setTimeout(writeNext, intervalMs).unref();
  }

  // One batch at a time: a second caller waits for the batch in flight.
  function writeNext(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    inFlight ??= writeBatch(full.shift() ?? filling.flush()).then(() => {
      inFlight = undefined;
      schedule();
    });
    return inFlight;
  }

  async function writeBatch(batch: EventBatch): Promise<void> {
    try {
      await writer.write(batch);
      written += batch.count;
      if (isFailing) log.info('events are written again');
      isFailing = false;
    } catch (error) {
      lost += batch.count;
      if (!isFailing)
        log.error({ err: errorFields(error) }, 'events are dropped because they cannot be written');
      isFailing = true;
    }
  }

  async function flush(): Promise<void> {
    const target = accepted;
    while (settled() < target) await writeNext();
  }

  return {
    record,
    flush,
    async close() {
      if (isClosed) return;
      isClosed = true;
      await flush();
    },
    stats: () => ({ buffered: accepted - settled(), written, dropped: lost + refused }),
  };
}
