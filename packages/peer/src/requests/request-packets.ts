import {
  type Cid,
  isRequestCode,
  Packet,
  type PacketRegistry,
  type Peer,
  type RequestError,
} from "@peng3dnet/protocol";
import { isTrace } from "../observing/observation.js";
import { ConnectionRequests, type RequestSession } from "./connection-requests.js";
import { type RequestType, requestError } from "./request-type.js";

/** Finds the connection that a packet came on. */
export type SessionOf = (cid: Cid) => RequestSession | undefined;

/** What the packets of a request have in common. */
abstract class BodyPacket extends Packet {
  protected readonly type: RequestType;
  readonly #sessionOf: SessionOf;

  constructor(reg: PacketRegistry, peer: Peer, type: RequestType, sessionOf: SessionOf) {
    super(reg, peer);
    this.type = type;
    this.#sessionOf = sessionOf;
  }

  override receive(msg: unknown, cid: Cid): void {
    const session = this.#sessionOf(cid);
    if (session === undefined) return;
    if (!Array.isArray(msg) || !this.take(session, msg)) {
      session.ignored(`the body of "${this.label}" is none (clause 8)`, "invalidpayload", this.label);
    }
  }

  protected abstract get label(): string;
  /** Takes a body. @returns whether it is one. */
  protected abstract take(session: RequestSession, body: readonly unknown[]): boolean;
}

/**
 * Asks: `[id, input]`, or `[id, input, trace]` where both sides agreed on that; or says that the caller gave up: `[id]`.
 */
export class RequestPacket extends BodyPacket {
  protected override get label(): string {
    return this.type.name;
  }

  protected override take(session: RequestSession, body: readonly unknown[]): boolean {
    const id = body[0];
    const { length } = body;
    if (length > 3 || !isId(id)) return false;
    const trace = length === 3 ? body[2] : undefined;
    if (length === 3 && !(session.connection.agreed("trace") && isTrace(trace))) return false;
    if (!this.#answers) {
      session.ignored(`this side does not answer "${this.label}"`, "strayrequest", this.label);
    } else if (length > 1)
      ConnectionRequests.of(session).running.begin(this.type, id, body[1], trace as never);
    else session.requests?.running.cancel(id);
    return true;
  }

  /** Whether this side is one that answers. */
  get #answers(): boolean {
    const { side } = this.type.definition;
    return side === null || side === this.peer.side;
  }
}

/** Answers: `[id, output]`; or tells an error: `[id, code, message, data]`, where the data may be left out. */
export class AnswerPacket extends BodyPacket {
  protected override get label(): string {
    return this.type.answerName;
  }

  protected override take(session: RequestSession, body: readonly unknown[]): boolean {
    const { length } = body;
    const id = body[0];
    if (length < 2 || length > 4 || !isId(id)) return false;
    if (length > 2 && !(isRequestCode(body[1]) && typeof body[2] === "string")) return false;
    const request = session.requests?.asked.take(id, this.type);
    if (request === undefined) {
      session.ignored(
        `"${this.label}" came for request ${id}, which does not wait`,
        "strayanswer",
        this.label,
      );
      return true;
    }
    try {
      if (length === 2) request.resolve(request.relayed ? body[1] : this.type.answered(body[1]));
      else request.reject(this.#errorOf(body, request.relayed));
    } catch (error) {
      // It does not fit its schema. There will not be another one.
      session.ignored(`the answer to request ${id} does not fit`, "invalidpayload", this.label);
      request.reject(error);
    }
    return true;
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

function isId(id: unknown): id is number {
  return typeof id === "number" && Number.isSafeInteger(id);
}
