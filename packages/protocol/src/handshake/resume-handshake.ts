import { isPlainMap } from "../codec/writing/sendable.js";
import type { ConnectionContext } from "../connection/connection-context.js";
import { BadDataError, ResumeError, UnexpectedPacketError } from "../errors/errors.js";
import { quoteText } from "../errors/quote-text.js";
import { FrameDecoder } from "../framing/frame-decoder.js";
import { HEADER_SIZE } from "../framing/packet-header.js";
import { encodeUncompressed } from "../packets/encode-packet.js";
import { noHello } from "./early-packets.js";
import { readExtensions } from "./extensions.js";
import { CLOSECONN_ID, HELLO_ID, SETTYPE_ID } from "./internal-names.js";
import { checkProtoversion, closingBody, closingReason } from "./internal-packets.js";
import { MAX_RESUME_BODY, RESUMED_ID, type Resumed, readResumeAddress, readResumed } from "./resume.js";

/** What a {@link ResumeHandshake} needs. */
export interface ResumeHandshakeOptions {
  /** What the client's session shares with others. */
  readonly context: ConnectionContext;
  /** The session's connection type. */
  readonly conntype: string;
  /** The ticket that the server gave last. */
  readonly ticket: Uint8Array;
  /** How many bytes of the server's stream the client has received. */
  readonly received: number;
  /** Whether the client goes to another address that the server names. Default false. */
  readonly redirect?: boolean | undefined;
}

/** How a server let a client go on with its session. */
export interface ResumeResult extends Resumed {
  /** What came behind that: the server's stream goes on with it. A copy. */
  readonly rest: Uint8Array;
}

/**
 * Encodes the packet by which a server goes on with a session: it is the last one over the new transport that does not belong
 * to the session's stream.
 *
 * @param received - how many bytes of the client's stream the server has received.
 * @param ticket - the next ticket, 16 to 128 bytes.
 * @returns the whole packet, length prefix included.
 */
export function encodeResumed(context: ConnectionContext, received: number, ticket: Uint8Array): Uint8Array {
  return encodeUncompressed(context, RESUMED_ID, [received, ticket]);
}

/**
 * The client's half of a resumption, over the new transport, without I/O: it takes the server's hello, answers it with the ticket,
 * and takes the server's answer (clause 6.10).
 *
 * Push what comes until there is a {@link ResumeHandshake.result}, and send what {@link ResumeHandshake.output} gives after each
 * push. What `push` throws ends the attempt, with a `closeReason`; the handshake is of no further use then. It never holds more
 * than one packet of the limits that a server has for strangers (`net.limits.packetlength.handshake`).
 */
export class ResumeHandshake {
  readonly #context: ConnectionContext;
  readonly #decoder: FrameDecoder;
  /** What answers the hello. */
  readonly #settype: Uint8Array;
  readonly #redirect: boolean;
  #greeted = false;
  #output: Uint8Array | undefined = undefined;
  #result: ResumeResult | undefined = undefined;

  constructor({ context, conntype, ticket, received, redirect = false }: ResumeHandshakeOptions) {
    const { limit, resumeLimits, declared } = context;
    this.#context = context;
    this.#redirect = redirect;
    this.#decoder = new FrameDecoder(resumeLimits.length);
    this.#decoder.early = resumeLimits.length < limit;
    const compress = declared?.compress;
    const ext = {
      ...(compress !== undefined && { compress }),
      resume: { ticket, received, ...(redirect && { redirect }) },
    };
    this.#settype = encodeUncompressed(context, SETTYPE_ID, { conntype, ext });
  }

  /** How the server let the client in; `undefined` until it has. */
  get result(): ResumeResult | undefined {
    return this.#result;
  }

  /**
   * Takes what there is to send.
   *
   * @returns `undefined`: nothing. Each thing is returned once.
   */
  output(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /**
   * Takes bytes from the server. They may be reused when it returns.
   *
   * @returns the result, as soon as there is one. Nothing may be pushed after that.
   * @throws {@link ResumeError} if the server closes, or does not resume sessions, with an `address` if it says where the session
   * is and `redirect` asked for that; {@link NotPeng3dnetError},
   * {@link ProtocolVersionMismatchError}, {@link UnexpectedPacketError}, {@link BadDataError}, {@link PacketTooLargeError} and
   * others with a `closeReason` if what came is no resumption.
   */
  push(chunk: Uint8Array): ResumeResult | undefined {
    const decoder = this.#decoder;
    decoder.push(chunk);
    while (decoder.next()) this.#take(chunk);
    return this.#result;
  }

  #take(chunk: Uint8Array): void {
    const { id } = this.#decoder;
    if (id === CLOSECONN_ID) throw this.#closed();
    if (!this.#greeted) this.#greet(id);
    else if (id === RESUMED_ID) this.#resume(chunk);
    else throw new UnexpectedPacketError(`the server sent packet ${id} instead of going on with the session`);
  }

  /** The hello, or what comes in its place. */
  #greet(id: number): void {
    if (id !== HELLO_ID) throw noHello(id);
    const body = this.#body();
    if (!isPlainMap(body)) throw new BadDataError("the body of the server's hello is not a map");
    checkProtoversion(body);
    if (readExtensions(body.ext).resume === undefined) {
      throw new ResumeError(
        "the server does not resume sessions: it is another one, or was started again with net.resume.window at 0",
        "resumeunknown",
      );
    }
    this.#greeted = true;
    this.#output = this.#settype;
  }

  #resume(chunk: Uint8Array): void {
    const { flags, start, end, unread } = this.#decoder;
    if (flags !== 0 || end - start > HEADER_SIZE + MAX_RESUME_BODY) {
      throw new BadDataError(
        `the answer to a resumption is compressed, or its body longer than ${MAX_RESUME_BODY} bytes`,
      );
    }
    const { received, ticket } = readResumed(this.#body());
    // A chunk of Node's would not copy by `slice`.
    const rest = new Uint8Array(chunk.subarray(chunk.length - unread));
    // What is behind is no packet, but the middle of a stream.
    this.#decoder.clear();
    this.#result = { received, ticket, rest };
  }

  #closed(): ResumeError {
    const body = closingBody(this.#body());
    const cut = closingReason(body);
    if (cut === "resumeelsewhere" && this.#redirect && this.#greeted) {
      // The text is shown nowhere: it may be any.
      const address = readResumeAddress(body.address);
      return new ResumeError("the server says that another one has the session", cut, { address });
    }
    const why = cut === null ? "without a reason" : `with the reason ${quoteText(cut)}`;
    return new ResumeError(`the server did not go on with the session, and closed ${why}`, cut);
  }

  #body(): unknown {
    const { bodies, resumeLimits } = this.#context;
    const { bytes, start, end, flags, owned } = this.#decoder;
    return bodies.decode(
      bytes,
      start + HEADER_SIZE,
      end,
      flags,
      owned,
      resumeLimits.inflated,
      resumeLimits.elements,
    );
  }
}
