/**
 * Until the stack of an error is read, the engine keeps the functions and objects that it names, and with these whole sessions,
 * sockets and clients of the application. Reading it leaves a text.
 */
export function keepTextOnly(error: unknown): void {
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    try {
      void cause.stack;
    } catch {
      // An error of the application may have a getter of its own there.
    }
  }
}
