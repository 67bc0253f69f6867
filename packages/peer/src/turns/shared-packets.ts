import type { Session } from "../session/session.js";
import type { Clock } from "../time/clock.js";
import { PacketPack } from "./packet-pack.js";
import { PacketQueue } from "./packet-queue.js";
import type { PostponedLine } from "./postponed-packets.js";
import { ProcessPass } from "./process-pass.js";
import type { RunQueue } from "./run-queue.js";
import type { Pass } from "./waiting-packets.js";

/** Past so many connections whose packets wait since an earlier pass, passes are short for as long as connections are accepted. */
const MANY = 16;

/** The packets of a server that wait. Its connections share the time: nobody who sends much makes others wait for long. */
export class SharedPackets extends PacketQueue {
  readonly #clock: Clock;
  readonly #turns: Pick<RunQueue, "arrivals">;
  /** Whether the pass under way is a short one that counts for how long turns may be short, see `Arrivals`. */
  #hurries = false;
  /** How many passes there were. */
  #passes = 0;

  /** @param turns - knows whether connections are being accepted. */
  constructor(clock: Clock, turns: Pick<RunQueue, "arrivals">) {
    super();
    this.#clock = clock;
    this.#turns = turns;
  }

  override released(session: Session): void {
    this.postponed.release(session);
  }

  #newPass(): ProcessPass {
    const { arrivals } = this.#turns;
    const many = this.postponed.size > MANY;
    // Newcomers with many packets have them processed as these arrive: few connections wait then, and a pass may take long all the same.
    this.#hurries = !many && arrivals?.many === true && arrivals.hurry(this.#clock.now());
    return new ProcessPass(this.#clock, many || this.#hurries ? arrivals : undefined);
  }

  override run(): Pass {
    const pass = this.#newPass();
    const { arrived, postponed } = this;
    this.seal();
    let left = arrived.length;
    // Lines of which nothing is left may wait for their turn, too, which takes them out.
    let count = postponed.turns > 0 ? this.#runPostponed(pass) : 0;
    while (left > 0) {
      const packets = arrived.first;
      if (packets === undefined) break;
      const { session, piece } = packets;
      const late = !postponed.empty && postponed.of(session) !== undefined;
      const raw = late || !(piece instanceof PacketPack) ? piece : piece.take();
      if (raw === piece || (piece as PacketPack).count === 0) {
        arrived.shift();
        left--;
      }
      if (late || raw instanceof PacketPack) postponed.push(session, raw);
      else if (this.#runArrived(session, raw, pass)) count++;
    }
    if (this.#hurries) this.#turns.arrivals?.hurried(pass.took);
    return { count, outOfTime: pass.outOfTime };
  }

  /** @returns whether a packet was processed. */
  #runArrived(session: Session, raw: Uint8Array, pass: ProcessPass): boolean {
    if (!session.open) {
      this.taken(session, raw);
      return false;
    }
    if (pass.admits(session, raw) && this.#dispatched(session, raw, pass)) return true;
    this.postponed.push(session, raw);
    return false;
  }

  /** @returns false if the packet has to wait after all. */
  #dispatched(session: Session, raw: Uint8Array, pass: ProcessPass): boolean {
    if (!session.dispatchRaw(raw)) return false;
    this.taken(session, raw);
    pass.processed(session);
    return true;
  }

  /** Gives the connections their turns first that wait since an earlier pass, over and over while there is time for all. */
  #runPostponed(pass: ProcessPass): number {
    const { postponed } = this;
    this.#passes++;
    const number = this.#passes;
    let count = 0;
    let before: number;
    do {
      before = count;
      for (let left = postponed.turns; left > 0 && !pass.crowded; left--) {
        const line = postponed.next();
        if (line !== undefined) count += this.#turnOf(line, number, pass);
      }
    } while (count > before && !pass.crowded);
    // Whether those that are left were paused meanwhile is not looked at: there may be thousands.
    pass.outOfTime ||= pass.crowded && postponed.turns > 0;
    return count;
  }

  /** Gives one its turn. @param number - of the pass. @returns how many packets were processed. */
  #turnOf(line: PostponedLine, number: number, pass: ProcessPass): number {
    if (!line.session.open) {
      this.#drop(line);
      return 0;
    }
    if (line.pass !== number) {
      line.pass = number;
      // What comes to it later is for the next pass.
      line.allowed = line.length;
    }
    if (line.allowed > 0) return this.#runLine(line, pass);
    pass.outOfTime ||= line.length > 0 && !line.session.paused;
    return 0;
  }

  #runLine(line: PostponedLine, pass: ProcessPass): number {
    const { session } = line;
    let count = 0;
    pass.beginTurn();
    while (line.allowed > 0 && session.open && !(count > 0 && pass.turnOver)) {
      const raw = line.first;
      if (raw === undefined || !pass.admits(session, raw)) break;
      line.shift();
      if (!this.#dispatched(session, raw, pass)) {
        line.putBack(raw);
        break;
      }
      line.allowed--;
      count++;
    }
    this.postponed.hadTurn(line);
    return count;
  }

  /** The connection of a line is over. */
  #drop(line: PostponedLine): void {
    for (let raw = line.first; raw !== undefined; raw = line.first) {
      line.shift();
      this.taken(line.session, raw);
    }
    this.postponed.hadTurn(line);
  }
}
