/** The promise's result, or the fallback's when it takes too long. What it does meanwhile goes on unobserved. */
export function withDeadline<Result>(
  promise: Promise<Result>,
  timeoutMs: number,
  fallback: () => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(fallback()), timeoutMs);
    promise.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
