const month = 30 * 24 * 60 * 60 * 1000;

/**
 * The plans. `expected` counts the results of a customer's hundred requests, ninety to read and ten to export, in any
 * order.
 */
export const plans = [
  {
    name: 'free',
    customers: 30,
    permissions: ['reports.read'],
    credits: 60,
    limit: null,
    expected: { VALID: 60, USAGE_EXCEEDED: 30, INSUFFICIENT_PERMISSIONS: 10 },
  },
  {
    name: 'pro',
    customers: 15,
    permissions: ['reports.read', 'reports.export'],
    credits: 1000,
    limit: { name: 'requests', limit: 80, duration: month },
    expected: { VALID: 80, RATE_LIMITED: 20 },
  },
  {
    name: 'business',
    customers: 5,
    permissions: ['reports.read', 'reports.export'],
    credits: null,
    limit: null,
    expected: { VALID: 100 },
  },
];
