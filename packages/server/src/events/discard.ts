import type { EventSink } from './port.ts';

/** The sink of UNKEY_EVENTS=off: stores no events and counts none as dropped. */
export const discardEvents: EventSink = {
  record: () => {},
  flush: async () => {},
  close: async () => {},
  stats: () => ({ buffered: 0, written: 0, dropped: 0 }),
};
