/** Settles as `work` does; an error is thrown as `translate` gives it. */
export async function translateErrors<Result>(
  work: Promise<Result>,
  translate: (error: unknown) => unknown,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw translate(error);
  }
}
