function ignore(): void {}

/** A promise that has rejected, and that ends no process if nobody awaits it. */
export function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}
