/**
 * Until the stack of an error is read, the engine keeps the functions and objects that it names, and with these whole sessions,
 * sockets and clients of the application. Reading it leaves a text.
 */
export function keepTextOnly(error: unknown): void {
  const seen = new Set<unknown>();
  try {
    for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
      seen.add(cause);
      void cause.stack;
    }
  } catch {
    // What an application throws may throw at whatever is read of it.
  }
}
