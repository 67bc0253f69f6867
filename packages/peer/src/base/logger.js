import { whenRejected } from "@peng3dnet/protocol";

function ignore() {}
/** Logs nothing. */
export const silentLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
/** `logger`, except that nothing happens where it throws: there is nobody left to tell. */
export function guardedLogger(logger) {
  if (logger === undefined) return silentLogger;
  const guarded = (level) => (message) => {
    try {
      const result = logger[level](message);
      whenRejected(result, ignore);
    } catch (error) {
      // Diagnostics that cannot be written are lost. It may be a promise that was thrown.
      whenRejected(error, ignore);
    }
  };
  return { debug: guarded("debug"), info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}
//# sourceMappingURL=logger.js.map
