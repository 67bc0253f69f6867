import { whenRejected } from "@peng3dnet/protocol";

/** Where diagnostics go; `console` and pino fit. Silent by default. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

function ignore(): void {}

/** Logs nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** `logger`, except that nothing happens where it throws: there is nobody left to tell. */
export function guardedLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return silentLogger;
  const guarded =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        const result: unknown = logger[level](message);
        whenRejected(result, ignore);
      } catch (error) {
        // Diagnostics that cannot be written are lost. It may be a promise that was thrown.
        whenRejected(error, ignore);
      }
    };
  return { debug: guarded("debug"), info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}
