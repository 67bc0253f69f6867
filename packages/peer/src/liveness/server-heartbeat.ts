import { BEAT_ANSWER_ID, BEAT_ID, readBeatAnswer, UnexpectedPacketError } from "@peng3dnet/protocol";
import type { BeatWheel } from "./beat-wheel.js";
import { BeatWheels } from "./beat-wheels.js";
import { type BeatingSession, Heartbeat, type Timekeeper, type UnderWay } from "./heartbeat.js";
import type { HeartbeatRole } from "./heartbeats.js";

/** What a client may send of answers to nothing: two in an interval, and so many more. */
const ALLOWANCE = 8;
/** Beats in a row that a client gets that gives no sign of life. */
const MOST_UNHEARD = 4;
/** How old the system's word of what waits in it may be, in seconds. */
const FRESH = 0.1;
/** What may get on between that word and ours, in bytes, beside a part of what is sent meanwhile. */
const NEGLIGIBLE = 64;
/** Where the system does not tell, no more than this is taken to wait in it, in bytes. */
const MOST_IN_KERNEL = 4 * 1024 * 1024;
/** Less than this is taken to be through at once where the system does not tell, in bytes. */
const LEAST_IN_KERNEL = 64 * 1024;
/** A network is taken to carry this much at least, in bytes per millisecond. */
const LEAST_PER_MS = 64;

/** The server's part of a heartbeat: beats, and waits for the answer. */
export class ServerHeartbeat extends Heartbeat {
  /** When the beat was sent that has no answer yet, by the clock; `undefined`: there is none. */
  #asked: number | undefined = undefined;
  /** What the answer has to say. */
  #token = 0;
  /** Where that beat ends in the stream. */
  #position = 0;
  /** Where the beat ended that was answered last. */
  #answeredPosition = 0;
  /** How much of the stream the peer's system had taken when it was looked last; `undefined`: it was not since that beat. */
  #taken: number | undefined = undefined;
  /** How much had been handed over then. */
  #takenOf = 0;
  /** Beats since the last sign of life. */
  #unheardBeats = 0;
  /** Whether the client was not listened to while its answer was awaited. */
  #unheard = false;
  /** When the last answer came, or settype, in microseconds; `undefined`: none did. */
  #answeredAt: number | undefined = undefined;
  /** What was handed over by the time of the last visit. */
  #handed = 0;
  readonly #begun: number;
  /** Answers to nothing that came. */
  #signs = 0;

  constructor(session: BeatingSession, time: Timekeeper, interval: number) {
    super(session, time, interval);
    this.#begun = time.clock.now();
  }

  override settypeExchanged(): void {
    this.#answeredAt = this.time.sinceEpoch();
  }

  override registrySent(): void {
    this.#ask();
  }

  override begin(wheel: BeatWheel): void {
    super.begin(wheel);
    // Where the connection type has sent no registry, there was no beat yet.
    if (this.#position === 0) this.#ask();
  }

  protected override beat(): void {
    const { session } = this;
    if (this.#asked === undefined) this.#ask();
    else {
      if (session.blocked) this.#unheard = true;
      // The program may stand still, e.g. a page that is frozen, while its runtime does not.
      session.transport.ping?.();
      // The client is to know that this side is there, if nothing else tells it.
      const idle =
        session.bytesHanded === this.#handed && !session.transport.busy && !session.connection.hasOutput;
      if (idle && ++this.#unheardBeats < MOST_UNHEARD) session.connection.sendHeartbeat(BEAT_ID, null);
    }
    this.#handed = session.bytesHanded;
  }

  #ask(): void {
    const { connection } = this.session;
    const time = this.time.sinceEpoch();
    this.#token = time;
    this.#asked = this.time.clock.now();
    this.#taken = undefined;
    // Before, it had nothing to say.
    this.alive();
    this.#unheard = false;
    const held = this.#answeredAt === undefined ? null : time - this.#answeredAt;
    connection.sendHeartbeat(BEAT_ID, [time, held]);
    this.#position = this.session.bytesAccepted;
  }

  override received(id: number, body: unknown): void {
    if (id !== BEAT_ANSWER_ID)
      throw new UnexpectedPacketError("the client sent a heartbeat, which only a server may send");
    const answer = readBeatAnswer(body);
    if (answer === undefined) {
      if (++this.#signs > this.#allowed())
        throw new UnexpectedPacketError("the client sends signs of life without end");
      return;
    }
    if (this.#asked === undefined || answer !== this.#token)
      throw new UnexpectedPacketError("the client answered a heartbeat that it was not sent");
    if (!this.#unheard && !this.session.blocked) this.tripped(this.time.clock.now() - this.#asked);
    const first = this.#answeredAt === undefined;
    this.#asked = undefined;
    this.#answeredPosition = this.#position;
    this.#answeredAt = this.time.sinceEpoch();
    // The client knows no round trip before a second one, if there was no settype to begin with.
    if (first) this.#ask();
  }

  /**
   * How many answers to nothing may have come by now. By time, and not by beats: a client that has not noticed that its line broke, or
   * that this program stood still, sends them all the while, and they come together afterwards.
   */
  #allowed(): number {
    return ALLOWANCE + (2 * (this.time.clock.now() - this.#begun)) / (1000 * this.interval);
  }

  protected override get patience(): number | undefined {
    const { heartbeatTimeout } = this.session.options;
    if (this.#asked === undefined || heartbeatTimeout === 0) return undefined;
    return heartbeatTimeout * 1000;
  }

  protected override interrupted(): void {
    this.#unheard = true;
    this.#taken = undefined;
  }

  protected override alive(): void {
    super.alive();
    this.#unheardBeats = 0;
  }

  /** A client is silent while a long packet is under way to it, since the beat is behind that. */
  protected override async underWay(): Promise<UnderWay> {
    const { transport } = this.session;
    const inKernel = await transport.unacknowledged?.(FRESH);
    const handed = this.session.bytesHanded;
    const [before, beforeOf] = [this.#taken, this.#takenOf];
    const taken = handed - (inKernel ?? 0);
    this.#taken = taken;
    this.#takenOf = handed;
    // The beat has arrived, if not in the program.
    if (taken >= this.#position) {
      return inKernel === undefined && this.#mayWaitInKernel() ? "cannot be told yet" : "stands still";
    }
    if (before === undefined) return "cannot be told yet";
    return taken - before > NEGLIGIBLE + (handed - beforeOf) / 16 ? "gets on" : "stands still";
  }

  /** Whether the system, which does not tell, may be busy with much that it was given. */
  #mayWaitInKernel(): boolean {
    const given = this.#position - this.#answeredPosition;
    if (given < LEAST_IN_KERNEL || this.#asked === undefined) return false;
    const most =
      this.session.options.heartbeatTimeout * 1000 + Math.min(given, MOST_IN_KERNEL) / LEAST_PER_MS;
    return this.time.clock.now() - this.#asked < most;
  }
}

/** Heartbeats of servers. */
export const serverHeartbeats: HeartbeatRole = {
  interval: ({ connection }) => connection.context.declared?.heartbeat?.interval,
  make: (session, time, interval) => new ServerHeartbeat(session, time, interval),
  wheels: (clock) => new BeatWheels(clock),
};
