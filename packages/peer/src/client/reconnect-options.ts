import { type CloseInfo, ConfigError, type OptionNames } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { checkReturn } from "../resume/back-off.js";

/** How a client begins another session when the one before is gone: the option `reconnect` of a `Client`. */
export interface ReconnectOptions {
  /**
   * Longest delay before the first attempt, in seconds; it doubles with each further one. At least half of it passes, and the rest
   * is left to chance, so that many clients which lost their server in one moment do not come back in one moment. Default 0.25.
   */
  readonly delay?: number | undefined;
  /**
   * Longest delay of all, in seconds. A session that ends before it has lasted that long counts as one more attempt that failed,
   * so that a server which lets everybody in and throws them out is not stormed. Default 5.
   */
  readonly maxDelay?: number | undefined;
  /** How many attempts are made in a row before the client is closed. Default: any number. */
  readonly attempts?: number | undefined;
  /**
   * Decides whether there is another attempt. Default: there is, unless {@link isFinalClose} says that another one is of no use.
   * What it throws goes to `handlerError` with `where` `"reconnect.when"`, as a TypeError does where it returns anything but true or
   * false, such as a promise; there is no other attempt then.
   *
   * @param info - how the session ended, or, with a `ConnectError`, how the attempt before failed.
   * @param attempt - number of the attempt in question, from 1.
   */
  readonly when?: ((info: CloseInfo, attempt: number) => boolean) | undefined;
}

/** A client's session is gone, or could not be begun, and the client tries again. */
export interface RetryInfo extends CloseInfo {
  /** Number of the attempt to come, from 1: counted since the first one, or since the last session that lasted. */
  readonly attempt: number;
  /** How long the client waits before it, in seconds. */
  readonly seconds: number;
}

/** A fresh session has taken the place of one that was lost. */
export interface SessionInfo {
  /** Number of the attempt that led to it, as the event `retry` told it. */
  readonly attempt: number;
  /** How long there was none, in seconds. */
  readonly seconds: number;
}

const OPTIONS: OptionNames<ReconnectOptions> = { delay: true, maxDelay: true, attempts: true, when: true };

/** @throws TypeError or {@link ConfigError} for options that are none. */
export function checkReconnect(options: ReconnectOptions): void {
  checkReturn("reconnect", options, OPTIONS);
  const { attempts = Number.POSITIVE_INFINITY, when } = options;
  if (!(attempts === Number.POSITIVE_INFINITY || (Number.isInteger(attempts) && attempts > 0)))
    throw new ConfigError(
      "attempts",
      `the option "attempts" is a whole number above 0, or Infinity, and not ${describeValue(attempts)}`,
    );
  if (when !== undefined && typeof when !== "function")
    throw new TypeError("when is a function, which returns whether the client tries again");
}
