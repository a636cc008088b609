import { Histogram, type Registry } from 'prom-client';

/** The time until changes by other processes arrive in this one. It is observed before the registry exists. */
export interface ChangeLag {
  readonly observe: (seconds: number) => void;
  readonly registerIn: (registry: Registry) => void;
}

export function changeLag(): ChangeLag {
  const histogram = new Histogram({
    name: 'unkey_change_lag_seconds',
    help: 'Time from a commit by another process until this one was notified.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [],
  });
  return {
    observe: (seconds) => histogram.observe(seconds),
    registerIn: (registry) => registry.registerMetric(histogram),
  };
}
