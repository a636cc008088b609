/** Compares what was counted with what it must be, and remembers where the two differ. */
export function checks() {
  const failures = [];
  const check = (what, actual, expected) => {
    if (actual !== expected) failures.push(`WRONG: ${what} should be ${expected} and is ${actual}.`);
  };
  return Object.assign(check, { failures: () => failures });
}
