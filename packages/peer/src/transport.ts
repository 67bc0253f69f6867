/**
 * For those who write transports: what those of `@peng3dnet/core` are made with, beside the interfaces, which
 * `@peng3dnet/peer` exports.
 *
 * @packageDocumentation
 */
export { certificateRejected, certificateRequired } from "./client/tls-refusal.js";
export { addressGroup } from "./server/address-group.js";
export { onAbort } from "./time/abort-signals.js";
export { Deadline, type DeadlineOptions } from "./time/deadline.js";
export { type GivesUp, onGivenUp } from "./transport/given-up.js";
export { joinPieces } from "./transport/join-pieces.js";
export { webSocketAnswerAdvice } from "./transport/web-socket-answers.js";
export {
  checkEncrypted,
  redirectedTarget,
  type UrlLike,
  type WebSocketTarget,
  webSocketTarget,
} from "./transport/web-socket-target.js";
export { accepted } from "./turns/arrivals.js";
export { BRIEF_LENGTH, type Precedence, type Runnable, RunQueue } from "./turns/run-queue.js";
