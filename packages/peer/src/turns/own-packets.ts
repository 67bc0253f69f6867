import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { Fifo } from "./fifo.js";
import { type Pass, WaitingPackets } from "./waiting-packets.js";

/** Time that packets may take in one pass, in milliseconds. */
const SLICE = 10;

/** A packet that waits. */
interface OwnPacket {
  readonly session: Session;
  readonly raw: Uint8Array;
}

/** The packets of a client that wait: those of its connection, behind what is left of the one before. */
export class OwnPackets extends WaitingPackets {
  readonly #clock: Clock;
  readonly #packets = new Fifo<OwnPacket>();

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override push(session: Session, raw: Uint8Array): void {
    super.push(session, raw);
    this.#packets.push({ session, raw });
  }

  override of(session: Session): Uint8Array[] {
    return this.#packets.items().flatMap((packet) => (packet.session === session ? [packet.raw] : []));
  }

  override run(): Pass {
    const packets = this.#packets;
    const end = this.#clock.now() + SLICE;
    let count = 0;
    let outOfTime = false;
    for (let left = packets.length; left > 0; left--) {
      const { first } = packets;
      // A handler that calls `process` takes some of them.
      if (first === undefined) break;
      const { session, raw } = first;
      if (session.open) {
        if (session.paused) break;
        outOfTime = this.#clock.now() >= end;
        if (outOfTime) break;
        packets.shift();
        if (!session.dispatchRaw(raw)) {
          packets.putBack(first);
          break;
        }
        count++;
      } else {
        packets.shift();
      }
      this.taken(session, raw);
    }
    return { count, outOfTime };
  }
}
