/** Compares actual with expected counts, and collects the differences. */
export function checks() {
  const failures = [];
  const check = (what, actual, expected) => {
    if (actual !== expected) failures.push(`WRONG: ${what} should be ${expected} and is ${actual}.`);
  };
  return Object.assign(check, { failures: () => failures });
}
