import { BEAT_ANSWER_ID, BEAT_ID, readBeatAnswer, UnexpectedPacketError } from "@peng3dnet/protocol";
import { BeatWheels } from "./beat-wheels.js";
import { type BeatingSession, Heartbeat, type UnderWay, USUAL_INTERVAL } from "./heartbeat.js";
import type { HeartbeatRole } from "./heartbeats.js";

/** What a client may send of answers to nothing: two in an interval, and so many more. */
const ALLOWANCE = 8;
/** Beats in a row that a client gets that gives no sign of life. */
const MOST_UNHEARD = 4;
/** Less than this is through at once, or not at all: the system is not asked for it, in bytes. */
const LITTLE = 2048;
/** What may get on between that word and ours, in bytes, beside a part of what is sent meanwhile. */
const NEGLIGIBLE = 64;
/** Where the system does not tell, no more than this is taken to wait in it, in bytes. */
const MOST_IN_KERNEL = 4 * 1024 * 1024;
/** Less than this is taken to be through at once where the system does not tell, in bytes. */
const LEAST_IN_KERNEL = 64 * 1024;
/** A network is taken to carry this much at least, in bytes per millisecond. */
const LEAST_PER_MS = 64;

/** A beat that has no answer yet. */
interface AskedBeat {
  /** When it was sent, by the clock. */
  readonly at: number;
  /** What the answer has to say. */
  readonly token: number;
  /** Where it ends in the stream. */
  position: number;
  /** How much of the stream the peer's system had taken when it was looked last; `undefined`: it was not looked yet. */
  taken: number | undefined;
  /** How much had been handed over then. */
  takenOf: number;
  /** Whether the client was not listened to meanwhile. */
  unheard: boolean;
  /** Beats since the last sign of life. */
  unheardBeats: number;
  /** What was handed over by the time of the last visit; `undefined`: there was none. */
  handed: number | undefined;
}

/** The server's part of a heartbeat: beats, and waits for the answer. */
export class ServerHeartbeat extends Heartbeat {
  /** The beat that has no answer yet. */
  #asked: AskedBeat | undefined = undefined;
  /** Where the beat ended in the stream that was answered last. */
  #answeredPosition = 0;
  /** When the last answer came, or settype, in microseconds; `undefined`: none did. */
  #answeredAt: number | undefined = undefined;
  /**
   * Up to when answers to nothing have used up what a client may send of them, in milliseconds since this server was made: each of
   * them stands for half an interval.
   */
  #signsUpTo: number;

  constructor(session: BeatingSession) {
    super(session);
    this.#signsUpTo = this.time.milliseconds();
  }

  protected override get interval(): number {
    return this.session.connection.context.declared?.heartbeat?.interval ?? USUAL_INTERVAL;
  }

  override settypeExchanged(): void {
    this.#answeredAt = this.time.sinceEpoch();
  }

  override registrySent(): void {
    this.ask();
  }

  override begin(): void {
    super.begin();
    // Where the connection type has sent no registry, there was no beat yet.
    if (this.#asked === undefined && this.#answeredPosition === 0) this.ask();
  }

  protected override beat(): void {
    const { session } = this;
    const asked = this.#asked;
    if (asked === undefined) this.ask();
    else {
      if (session.blocked) asked.unheard = true;
      // The program may stand still, e.g. a page that is frozen, while its runtime does not.
      session.transport.ping?.();
      // The client is to know that this side is there, if nothing else tells it.
      const idle =
        session.bytesHanded === asked.handed && !session.transport.busy && !session.connection.hasOutput;
      if (idle && ++asked.unheardBeats < MOST_UNHEARD) session.connection.sendHeartbeat(BEAT_ID, null);
    }
    if (this.#asked !== undefined) this.#asked.handed = session.bytesHanded;
  }

  private ask(): void {
    const { connection } = this.session;
    const token = this.time.sinceEpoch();
    const asked: AskedBeat = {
      at: this.time.clock.now(),
      token,
      position: 0,
      taken: undefined,
      takenOf: 0,
      unheard: false,
      unheardBeats: 0,
      handed: undefined,
    };
    this.#asked = asked;
    const held = this.#answeredAt === undefined ? null : token - this.#answeredAt;
    connection.sendHeartbeat(BEAT_ID, [token, held]);
    asked.position = this.session.bytesAccepted;
  }

  override received(id: number, body: unknown): void {
    if (id !== BEAT_ANSWER_ID)
      throw new UnexpectedPacketError("the client sent a heartbeat, which only a server may send");
    const answer = readBeatAnswer(body);
    if (answer === undefined) {
      this.signed();
      return;
    }
    const asked = this.#asked;
    if (asked === undefined || answer !== asked.token)
      throw new UnexpectedPacketError("the client answered a heartbeat that it was not sent");
    if (!asked.unheard) this.tripped(this.time.clock.now() - asked.at);
    const first = this.#answeredAt === undefined;
    this.#asked = undefined;
    this.#answeredPosition = asked.position;
    this.#answeredAt = this.time.sinceEpoch();
    // The client knows no round trip before a second one, if there was no settype to begin with.
    if (first) this.ask();
  }

  /**
   * An answer to nothing came, a sign of life. How many may come is told by time, and not by beats: a client that has not noticed that
   * its line broke, or that this program stood still, sends them all the while, and they come together afterwards.
   */
  private signed(): void {
    const each = Math.ceil(500 * this.interval);
    this.#signsUpTo += each;
    if (this.#signsUpTo > this.time.milliseconds() + ALLOWANCE * each)
      throw new UnexpectedPacketError("the client sends signs of life without end");
  }

  protected override get patience(): number | undefined {
    const { heartbeatTimeout } = this.session.options;
    if (this.#asked === undefined || heartbeatTimeout === 0) return undefined;
    return heartbeatTimeout * 1000;
  }

  protected override interrupted(): void {
    if (this.#asked === undefined) return;
    this.#asked.unheard = true;
    this.#asked.taken = undefined;
  }

  protected override alive(): void {
    super.alive();
    if (this.#asked !== undefined) this.#asked.unheardBeats = 0;
  }

  /** A client is silent while a long packet is under way to it, since the beat is behind that. */
  protected override async underWay(): Promise<UnderWay> {
    const asked = this.#asked;
    if (asked === undefined) return "cannot be told yet";
    const { transport } = this.session;
    const given = asked.position - this.#answeredPosition;
    // To ask takes the longer the more connections the machine has, and thousands may be silent.
    const inKernel = given < LITTLE ? 0 : await transport.unacknowledged?.();
    const handed = this.session.bytesHanded;
    const [before, beforeOf] = [asked.taken, asked.takenOf];
    const taken = handed - (inKernel ?? 0);
    asked.taken = taken;
    asked.takenOf = handed;
    // The beat has arrived, if not in the program.
    if (taken >= asked.position) {
      return inKernel === undefined && this.mayWaitInKernel(asked, given)
        ? "cannot be told yet"
        : "stands still";
    }
    if (before === undefined) return "cannot be told yet";
    return taken - before > NEGLIGIBLE + (handed - beforeOf) / 16 ? "gets on" : "stands still";
  }

  /** Whether the system, which does not tell, may be busy with much that it was given. */
  private mayWaitInKernel({ at }: AskedBeat, given: number): boolean {
    if (given < LEAST_IN_KERNEL) return false;
    const most =
      this.session.options.heartbeatTimeout * 1000 + Math.min(given, MOST_IN_KERNEL) / LEAST_PER_MS;
    return this.time.clock.now() - at < most;
  }
}

/** Heartbeats of servers. */
export const serverHeartbeats: HeartbeatRole = {
  make: (session) => new ServerHeartbeat(session),
  wheels: (clock) => new BeatWheels(clock),
};
