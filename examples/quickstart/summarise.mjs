const codes = ['VALID', 'USAGE_EXCEEDED', 'RATE_LIMITED', 'INSUFFICIENT_PERMISSIONS'];
const headings = [
  'plan',
  'customers',
  'requests',
  ...codes.map((code) => code.toLowerCase()),
  'credits left',
];

/** A table with a row for each plan, and how long verifications took. */
export function summarise({ plans, verifications, credits }) {
  const rows = plans.map((plan) => rowOf(plan, verifications, credits));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => cells.map((cell, column) => cell.padStart(widths[column])).join('  ');
  const sorted = verifications.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return [line(headings), ...rows.map(line), '', latencies(sorted), ''].join('\n');
}

function rowOf(plan, verifications, credits) {
  const own = verifications.filter(({ customer }) => customer.plan === plan);
  const counts = codes.map((code) => own.filter((one) => one.code === code).length);
  const left = credits.filter(({ customer }) => customer.plan === plan);
  const sum = left.reduce((total, { remaining }) => total + (remaining ?? 0), 0);
  return [
    plan.name,
    String(plan.customers),
    String(own.length),
    ...counts.map(String),
    plan.credits === null ? 'unlimited' : String(sum),
  ];
}

function latencies(sorted) {
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1);
  return `${sorted.length} verifications: half within ${at(0.5)} ms, 99 of 100 within ${at(0.99)} ms.`;
}
