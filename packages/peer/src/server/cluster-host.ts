import {
  bodyOf,
  type Cid,
  ConnectionClosedError,
  type ConnectionContext,
  type EncodedBody,
  encodePacket,
  NotRegisteredError,
  type PacketEntry,
  type PacketRef,
  PacketTooLargeError,
  type RequestError,
  SIDE_SERVER,
  SmartPacketInvalidError,
} from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { Logger } from "../base/logger.js";
import type { Member, Receiver } from "../groups/group.js";
import { exceptionsOf, type ReceiverSource } from "../groups/receivers.js";
import { EncodedPacket, type PacketForMany } from "../messages/encoded-packet.js";
import { ForwardedPacket } from "../messages/forwarded-packet.js";
import type { RequestEnd } from "../observing/peer-observer.js";
import type { Platform } from "../platform/platform.js";
import { ConnectionRequests, type RequestSession } from "../requests/connection-requests.js";
import { askObserved, endOf } from "../requests/observed-requests.js";
import type { PeerRequests } from "../requests/peer-requests.js";
import { checkNoRequest, unknownRequest } from "../requests/request-declaration.js";
import type { AnyRequestDefinition } from "../requests/request-definition.js";
import type { RequestType } from "../requests/request-type.js";
import type { ResumePlaces } from "../resume/resume-places.js";
import { MARK_LENGTH } from "../resume/ticket.js";
import type { Clock } from "../time/clock.js";
import type { WaitOptions } from "../time/wait-options.js";

/**
 * Under this symbol, a server has what a cluster needs of it. It is the same symbol in each copy of this package: the server may
 * be made with another one.
 */
export const CLUSTER_HOST: unique symbol = Symbol.for("peng3dnet.clusterhost");

/** A packet for the clients of several servers. */
export interface SharedPacket {
  /** Name of its type, which all servers know. */
  readonly name: string;
  /** The payload. */
  readonly data: unknown;
  /** The payload, encoded. */
  readonly body: EncodedBody;
  /** What the clients of this server get: the value of the option {@link ENCODED} of a broadcast. */
  readonly packets: PacketForMany;
}

/** What a server hands in for its host. */
export interface ClusterHostParts {
  readonly clock: Clock;
  readonly guard: HandlerGuard;
  readonly logger: Logger;
  /** Calls something, which does not throw, before the output leaves that gathers now. */
  beforeOutput(call: () => void): void;
  /** What ends with the server. */
  readonly tickers: Set<{ stop(): void }>;
  /** The requests that the server knows; `undefined`: it knows none. */
  requests(): PeerRequests | undefined;
  readonly receivers: ReceiverSource<Member>;
  /** Who looks on at nodes from the runtime's side. */
  readonly nodeObserver: Platform["nodeObserver"];
  /** The entry of a packet type. @throws {@link NotRegisteredError} */
  entry(ptype: PacketRef): PacketEntry;
  /** What connections that begin now have in common. */
  context(): ConnectionContext;
  /** Says which servers clients may be led to that come back. @returns what takes that back. */
  usePlaces(places: ResumePlaces): () => void;
  /** Whether somebody says that now. */
  hasPlaces(): boolean;
  /** The connection of a client. */
  session(cid: Cid): RequestSession | undefined;
}

/** What a cluster needs of a server beside its public methods: encoded bodies, and requests for others. For `@peng3dnet/cluster`. */
export class ClusterHost {
  /** Time and timers of the server. */
  readonly clock: Clock;
  /** Calls code of the application, and says once what may happen often. */
  readonly guard: HandlerGuard;
  /** Where diagnostics of the server go. */
  readonly logger: Logger;
  /** Who looks on at nodes from the runtime's side, asked now and then; `undefined`: nobody ever. */
  readonly nodeObserver: Platform["nodeObserver"];
  readonly #parts: ClusterHostParts;

  /** @internal */
  constructor(parts: ClusterHostParts) {
    this.clock = parts.clock;
    this.guard = parts.guard;
    this.logger = parts.logger;
    this.nodeObserver = parts.nodeObserver;
    this.#parts = parts;
  }

  /**
   * Calls something before the server writes the output to its clients that gathers now: at the end of a batch of input or of a tick, and
   * on the next tick of the process at the latest.
   */
  beforeOutput(call: () => void): void {
    this.#parts.beforeOutput(() => this.guard.run("before output", call));
  }

  /** Calls something when the server is stopped. @returns what takes that back. */
  onStop(stop: () => void): () => void {
    const { tickers } = this.#parts;
    const ending = { stop };
    tickers.add(ending);
    return () => void tickers.delete(ending);
  }

  /**
   * Has the tickets of sessions that begin from now on say which server they are of, and clients that come back with one of
   * another server told where that is, if they go there.
   *
   * @returns what takes that back.
   * @throws RangeError for a mark that has not 8 bytes.
   */
  resumeAmong(places: ResumePlaces): () => void {
    if (places.mark.length !== MARK_LENGTH) throw new RangeError(`a mark has ${MARK_LENGTH} bytes`);
    return this.#parts.usePlaces(places);
  }

  /** Whether the server is a node of a cluster now: somebody else says where clients are led. It is one node at a time. */
  get joined(): boolean {
    return this.#parts.hasPlaces();
  }

  /** The clients that an option `except` lists, as they are now. @throws TypeError as a broadcast does. */
  exceptions(except: Receiver | Iterable<Receiver>): Receiver[] {
    return [...(exceptionsOf(except, this.#parts.receivers) ?? [])];
  }

  // ---- packets ----------------------------------------------------------------------------------

  /**
   * Encodes a packet for clients of this server and of others.
   *
   * @throws as {@link Server.broadcast}.
   */
  encode(ptype: PacketRef, data: unknown): SharedPacket {
    checkNoRequest(ptype);
    const entry = this.#parts.entry(ptype);
    checkEntry(entry);
    const context = this.#parts.context();
    const packets = new EncodedPacket(entry, data, (parsed) => this.guard.watch(parsed, entry.name));
    const packet = packets.for(context);
    if (!ArrayBuffer.isView(packet)) throw packet;
    return { name: entry.name, data, body: bodyOf(packet), packets };
  }

  /**
   * Checks a packet that another server encoded, as one from a client is checked, and prepares it for clients of this one.
   *
   * @throws {@link NotRegisteredError}; {@link SmartPacketInvalidError} if no client may get it; {@link PacketTooLargeError};
   * {@link BadDataError}, {@link UnsupportedFlagsError}, {@link DecompressLimitError}; {@link InvalidPayloadError} where
   * payloads are validated on sending.
   */
  forward(name: string, body: EncodedBody): SharedPacket {
    const entry = this.#parts.entry(name);
    checkEntry(entry);
    const { whole, data } = this.#read(body);
    if (entry.parses && this.#parts.context().validateSent)
      this.guard.watch(entry.obj.parse(data), entry.name);
    return { name: entry.name, data, body, packets: new ForwardedPacket(entry.id, body, whole) };
  }

  /** Decodes a body that another server encoded. @throws as {@link ClusterHost.forward}. */
  decode(body: EncodedBody): unknown {
    return this.#read(body).data;
  }

  #read({ flags, bytes }: EncodedBody): { readonly whole: Uint8Array; readonly data: unknown } {
    const { bodies, limit, inflatedLimit } = this.#parts.context();
    if (bytes.length > limit) throw new PacketTooLargeError("in", bytes.length, limit);
    const whole = flags === 0 ? bytes : bodies.inflate(flags, bytes, inflatedLimit);
    return { whole, data: bodies.decode(whole, 0, whole.length, 0, false, inflatedLimit) };
  }

  // ---- requests ---------------------------------------------------------------------------------

  /**
   * A request that another server is to ask one of its clients.
   *
   * @throws {@link NotRegisteredError}; TypeError if it is none, or answered by servers.
   */
  asking(definition: AnyRequestDefinition): RequestType {
    const requests = this.#parts.requests();
    if (requests === undefined) throw unknownRequest(definition);
    return requests.asking(definition);
  }

  /** Encodes what is asked. @throws {@link InvalidPayloadError}, {@link EncodeError}, {@link PacketTooLargeError}. */
  encodeInput(type: RequestType, input: unknown): EncodedBody {
    const context = this.#parts.context();
    type.input?.sent(context, input);
    return bodyOf(encodePacket(context, this.#parts.entry(type.name).id, input));
  }

  /** Encodes what a client answered, or the data of its error, for the server that has asked for it. @throws {@link EncodeError}, {@link PacketTooLargeError}. */
  encodeAnswer(answer: unknown): EncodedBody {
    return bodyOf(encodePacket(this.#parts.context(), 0, answer));
  }

  /**
   * Asks a client of this server on behalf of another one, which has checked what is asked, and looks at the answer.
   *
   * @returns what the client answered, as it came.
   * @throws as {@link Server.request} by the promise; a {@link RequestError} has its data as they came.
   */
  async relay(name: string, input: EncodedBody, cid: number, options: WaitOptions): Promise<unknown> {
    const { session } = this.#parts;
    const requests = this.#parts.requests();
    const type = requests?.named(name);
    if (requests === undefined || type === undefined)
      throw new NotRegisteredError(`"${name}" is no request that this server knows`);
    const connection = session(cid);
    if (connection === undefined)
      return requests.notAsked(type.definition, new ConnectionClosedError("the client is gone", null));
    requests.asking(type.definition);
    const { asked } = ConnectionRequests.of(connection);
    const data = this.decode(input);
    if (type.observation.requests === undefined) return asked.ask(type, data, options, undefined, true);
    return askObserved(asked, type, data, options, connection, true);
  }

  /** How a request ended that was rejected, for observers. @param name - that of the request. */
  endOf(name: string, error: unknown): RequestEnd {
    return endOf(this.#parts.requests()?.named(name), error);
  }

  /** Whether this server knows a request of that name. */
  knows(name: string): boolean {
    return this.#parts.requests()?.named(name) !== undefined;
  }

  /** The error that a caller gets for one that a client answered. @throws {@link InvalidPayloadError} if its data do not fit. */
  refused(type: RequestType, code: string, message: string, data: EncodedBody): RequestError {
    return type.refused(code, message, this.decode(data));
  }
}

/** @throws {@link SmartPacketInvalidError} for what no client of any server may get. */
function checkEntry({ name, internal, rule }: PacketEntry): void {
  if (!internal && rule?.side !== SIDE_SERVER) return;
  const why = internal ? "it is one of the protocol's own" : "only the server receives it";
  throw new SmartPacketInvalidError(`"${name}" may not be sent to clients of other servers: ${why}`);
}
