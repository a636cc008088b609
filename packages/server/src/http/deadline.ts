/** The promise's result, or the fallback's when it takes too long. What it does meanwhile goes on unobserved. */
export async function withDeadline<Result>(
  promise: Promise<Result>,
  timeoutMs: number,
  fallback: () => Result,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>((resolve) => {
    timer = setTimeout(() => resolve(fallback()), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
