import { Counter, type Metric, type Registry } from 'prom-client';

/** Counts one request; `outcome` is a status or a verification code. */
export type ObserveRequest = (operation: string, outcome: string, seconds: number) => void;

interface OperationCounts {
  readonly outcomes: Map<string, { count: number }>;
  /** Count per histogram bucket; the last is +Inf. */
  readonly buckets: Float64Array;
  seconds: number;
}

const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const durationName = 'unkey_request_duration_seconds';

/**
 * Requests and their durations. They are counted in plain numbers, which become metrics when they are read: the
 * library's own `observe` costs a tenth of a verification.
 */
export function registerRequestMetrics(registry: Registry): ObserveRequest {
  const operations = new Map<string, OperationCounts>();

  new Counter({
    name: 'unkey_requests_total',
    help: 'Requests by operation and outcome.',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [operation, { outcomes }] of operations) {
        for (const [outcome, { count }] of outcomes) this.inc({ operation, outcome }, count);
      }
    },
  });
  const durations = {
    name: durationName,
    help: 'Time from the arrival of the complete request to its response, with its wait for a busy event loop.',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...durations, values: [...operations].flatMap(durationValues) }),
  };
  // The registry uses only these members; its type names the classes of the library.
  registry.registerMetric(durations as unknown as Metric);

  return (operation, outcome, seconds) => {
    const counts = operations.get(operation) ?? added(operations, operation, newCounts());
    const bucket = bucketOf(seconds);
    counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    counts.seconds += seconds;
    const counted = counts.outcomes.get(outcome) ?? added(counts.outcomes, outcome, { count: 0 });
    counted.count++;
  };
}

function newCounts(): OperationCounts {
  return { outcomes: new Map(), buckets: new Float64Array(bounds.length + 1), seconds: 0 };
}

function added<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  map.set(key, value);
  return value;
}

function bucketOf(seconds: number): number {
  let index = 0;
  while (index < bounds.length && seconds > (bounds[index] ?? 0)) index++;
  return index;
}

function durationValues([operation, { buckets, seconds }]: [string, OperationCounts]) {
  const labels = { operation };
  let count = 0;
  const cumulative = [...buckets].map((requests, index) => {
    count += requests;
    return {
      metricName: `${durationName}_bucket`,
      labels: { le: bounds[index] ?? '+Inf', ...labels },
      value: count,
    };
  });
  return [
    ...cumulative,
    { metricName: `${durationName}_sum`, labels, value: seconds },
    { metricName: `${durationName}_count`, labels, value: count },
  ];
}
