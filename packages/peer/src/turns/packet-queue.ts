import type { Session } from "../session/session.js";
import { Fifo } from "./fifo.js";
import type { Piece } from "./packet-line.js";
import { isShort, PacketPack } from "./packet-pack.js";
import { PostponedPackets } from "./postponed-packets.js";
import { WaitingPackets } from "./waiting-packets.js";

/** So many packets of a connection wait before further ones are packed: of most, there are never more. */
const FEW = 16;

/** Packets of one connection that came one after the other. */
export interface QueuedPackets {
  readonly session: Session;
  readonly piece: Piece;
}

/** Packets of many connections in order of arrival, and before them those that were postponed. */
export abstract class PacketQueue extends WaitingPackets {
  /** Packets that no pass has come to yet. */
  protected readonly arrived = new Fifo<QueuedPackets>();
  /** Packets that wait for a later pass. They came before all others of their connection. */
  protected readonly postponed = new PostponedPackets();
  /** What the next short packet is added to, if it is of the same connection as the last one. */
  #open: PacketPack | undefined = undefined;

  /** What comes from now on is in pieces of its own: those that have arrived are complete. */
  protected seal(): void {
    this.#open = undefined;
  }

  override push(session: Session, raw: Uint8Array): void {
    super.push(session, raw);
    const waiting = session.queuedPackets;
    // Where all of a connection's packets are in its line, it is for the next pass only to look at it.
    const line = this.postponed.empty ? undefined : this.postponed.of(session);
    if (line !== undefined && waiting === line.length) line.push(raw);
    else if (waiting < FEW || !isShort(raw)) this.arrived.push({ session, piece: raw });
    else this.#pushShort(session, raw);
  }

  #pushShort(session: Session, raw: Uint8Array): void {
    const { last } = this.arrived;
    if (last?.session !== session) {
      this.arrived.push({ session, piece: raw });
      return;
    }
    if (last.piece === this.#open && this.#open?.add(raw)) return;
    const piece = new PacketPack();
    piece.add(raw);
    this.#open = piece;
    this.arrived.push({ session, piece });
  }

  override of(session: Session): Uint8Array[] {
    const all = this.postponed.of(session)?.items() ?? [];
    for (const packets of this.arrived.items()) {
      if (packets.session !== session) continue;
      if (packets.piece instanceof PacketPack) all.push(...packets.piece.items());
      else all.push(packets.piece);
    }
    return all;
  }
}
