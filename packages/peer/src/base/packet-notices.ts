import { describeError, type InvalidPayloadError, quoteText } from "@peng3dnet/protocol";
import type { HandlerGuard } from "./handler-guard.js";

/** How a notice ends. */
const FURTHER = "; further ones are counted only, in metrics.rejectedBy as";

/** Tells of packets that came for nothing, once for each type. */
export class PacketNotices {
  readonly #guard: HandlerGuard;
  /** Packet types of which it was told that payloads are dropped. */
  readonly #dropped = new Set<string>();
  /** Packet types of which it was told that nothing handles them. */
  readonly #unhandled = new Set<string>();

  constructor(guard: HandlerGuard) {
    this.#guard = guard;
  }

  /** A payload did not fit, and its packet says that it is dropped. */
  dropped(error: InvalidPayloadError, packet: string): void {
    if (this.#dropped.has(packet)) return;
    this.#dropped.add(packet);
    const guard = this.#guard;
    if (guard.hears("handlerError")) guard.failed(error, packet);
    else {
      guard.notice(
        `${describeError(error)}. It was dropped${FURTHER} invalidpayload`,
        `invalidpayload ${packet}`,
      );
    }
  }

  /** A packet came, and nothing has seen it. */
  unhandled(packet: string): void {
    if (this.#unhandled.has(packet)) return;
    this.#unhandled.add(packet);
    this.#guard.notice(
      `${quoteText(packet)} arrived, and nothing handles it. Add a handler before the first can arrive, with on() or messages(), or override receive(); a handler that does nothing says that it is not wanted${FURTHER} unhandled`,
      `unhandled ${packet}`,
    );
  }
}
