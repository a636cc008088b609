/** The promise's result, or the fallback's after `timeoutMs`. The work behind the promise is not cancelled. */
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
