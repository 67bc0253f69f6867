import {
  type Cid,
  isRequestCode,
  Packet,
  type PacketRegistry,
  type Peer,
  type RequestError,
} from "@peng3dnet/protocol";
import { isTrace } from "../observing/request-followers.js";
import { ConnectionRequests, type RequestSession } from "./connection-requests.js";
import { type RequestType, requestError } from "./request-type.js";

/** Finds the connection that a packet came on. */
export type SessionOf = (cid: Cid) => RequestSession | undefined;

/** What the packets of a request have in common. */
abstract class BodyPacket extends Packet {
  protected readonly type: RequestType;
  protected readonly sessionOf: SessionOf;

  constructor(reg: PacketRegistry, peer: Peer, type: RequestType, sessionOf: SessionOf) {
    super(reg, peer);
    this.type = type;
    this.sessionOf = sessionOf;
  }

  /** Counts a body that is none. */
  protected misfit(session: RequestSession, label: string): void {
    session.ignored(`the body of "${label}" is none (clause 8)`, "invalidpayload", label);
  }
}

/**
 * Asks: `[id, input]`, or `[id, input, trace]` where both sides agreed on that; or says that the caller gave up: `[id]`.
 */
export class RequestPacket extends BodyPacket {
  override receive(msg: unknown, cid: Cid): void {
    const session = this.sessionOf(cid);
    if (session === undefined) return;
    // Nearly all are of this kind.
    if (this.#answers() && Array.isArray(msg) && msg.length === 2 && isId(msg[0]))
      ConnectionRequests.of(session).running.begin(this.type, msg[0], msg[1], undefined);
    else if (!Array.isArray(msg) || !this.#takeOther(session, msg)) this.misfit(session, this.type.name);
  }

  /**
   * Whether this side is one that answers. No getter: "Call the engine's run time for no packet" in docs/performance. No field:
   * packets are registered before a peer knows its side.
   */
  #answers(): boolean {
    const { side } = this.type.definition.options;
    return side === null || side === this.peer.side;
  }

  /** Takes a body of any kind. @returns whether it is one. */
  #takeOther(session: RequestSession, body: readonly unknown[]): boolean {
    const id = body[0];
    const { length } = body;
    if (length > 3 || !isId(id)) return false;
    const trace = length === 3 ? body[2] : undefined;
    if (length === 3 && !(session.connection.agreed("trace") && isTrace(trace))) return false;
    if (!this.#answers()) {
      const { name } = this.type;
      session.ignored(`this side does not answer "${name}"`, "strayrequest", name);
    } else if (length > 1)
      ConnectionRequests.of(session).running.begin(this.type, id, body[1], trace as never);
    else session.requests?.running.cancel(id);
    return true;
  }
}

/** Answers: `[id, output]`; or tells an error: `[id, code, message, data]`, where the data may be left out. */
export class AnswerPacket extends BodyPacket {
  override receive(msg: unknown, cid: Cid): void {
    const session = this.sessionOf(cid);
    if (session === undefined) return;
    if (!Array.isArray(msg) || !isAnswer(msg)) {
      this.misfit(session, this.type.answerName);
      return;
    }
    const id = msg[0] as number;
    const request = session.requests?.asked.take(id, this.type);
    if (request === undefined) {
      const { answerName } = this.type;
      session.ignored(
        `"${answerName}" came for request ${id}, which does not wait`,
        "strayanswer",
        answerName,
      );
      return;
    }
    try {
      if (msg.length === 2) request.resolve(request.relayed ? msg[1] : this.type.answered(msg[1]));
      else request.reject(this.#errorOf(msg, request.relayed));
    } catch (error) {
      // It does not fit its schema. There will not be another one.
      session.ignored(`the answer to request ${id} does not fit`, "invalidpayload", this.type.answerName);
      request.reject(error);
    }
  }

  #errorOf(body: readonly unknown[], relayed: boolean): RequestError {
    const code = body[1] as string;
    const message = body[2] as string;
    const data = body[3] ?? null;
    return relayed
      ? requestError(this.type.name, code, message, data)
      : this.type.refused(code, message, data);
  }
}

/** Whether a body is that of an answer. */
function isAnswer(body: readonly unknown[]): boolean {
  const { length } = body;
  if (!isId(body[0])) return false;
  return (
    length === 2 || ((length === 3 || length === 4) && isRequestCode(body[1]) && typeof body[2] === "string")
  );
}

function isId(id: unknown): id is number {
  return typeof id === "number" && Number.isSafeInteger(id);
}
