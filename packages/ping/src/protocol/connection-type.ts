import {
  type Cid,
  type Connection,
  ConnectionType,
  InvalidStateError,
  type Peer,
  PROTOVERSION,
  RELEASE,
  SIDE_SERVER,
  VERSION,
} from "@peng3dnet/peer";
import { MAX_PING_LENGTH, MAX_PINGS, MAX_PONG_LENGTH, PING_ID, PONG_ID, WRITEBACK } from "./constants.js";
import { checkData, checkMap, encodedLength, isMap, type PingData } from "./data.js";
import { InvalidPingPacketError, PingInvalidSideError } from "./errors.js";

/** Where a server's answer to a ping comes from. A server made with {@link PingableServerMixin} is one. */
export interface PingSource {
  /** Data of every answer; goes before `getPingData`. Reference: `pingdata`. */
  readonly pingdata?: PingData | undefined;
  /** Data of one answer. Reference: `getPingData`. */
  getPingData?(msg: PingData, cid: number): PingData;
  /** Whether the ping is sent back as `oldmsg`. Default {@link WRITEBACK}. */
  readonly pingWriteback?: boolean | undefined;
}

/** What the type calls on the pinging side. A client made with {@link PingableClientMixin} is one. */
interface Pinger {
  _ping(): void;
  _pong(msg: PingData): void;
}

function isPinger(peer: Peer): peer is Peer & Pinger {
  return "_ping" in peer && "_pong" in peer;
}

/**
 * Connection type of pings: no registry is synchronised and no packet processed, so that a server with any packets
 * can be pinged. The client sends a map and its time, the server answers with a map. Reference: `PingConnectionType`.
 *
 * On the server a ping connection does not become active. So neither `onHandshakeComplete` nor a broadcast ever
 * concerns it, pings are answered at once even if the application calls `process` now and then, and
 * `net.timeout.handshake` bounds the time that it may stay.
 *
 * Closes with `pinginvalidside` ({@link PingInvalidSideError}) and `invalidpingpacket`
 * ({@link InvalidPingPacketError}).
 */
export class PingConnectionType extends ConnectionType {
  readonly #source: PingSource;
  /** Pings answered, by client. */
  readonly #answered = new Map<Cid, number>();
  /** On a client: whether a pong is awaited. */
  #awaited = false;

  /**
   * @param peer - the server or client.
   * @param source - where a server's answers come from; default: the peer, if it has what {@link PingSource} lists.
   */
  constructor(peer: Peer, source: PingSource = peer as Peer & PingSource) {
    super(peer);
    this.#source = source;
  }

  /**
   * Data for the answer to a ping; override it to add some. The default gives those of the {@link PingSource}:
   * `getPingData(msg, cid)`, and `pingdata`, which wins where both have a key. What it returns is merged into the answer:
   * `oldmsg` and `peng3dnet` are always the library's. Reference: `getPingData`.
   *
   * If it throws, or the answer would be longer than {@link MAX_PONG_LENGTH}, that is reported as the failure of a
   * handler, and the client gets the answer without the application's data.
   *
   * @param msg - the ping.
   */
  getPingData(msg: PingData, cid: number): PingData {
    const own = this.#source.getPingData?.(msg, cid) ?? {};
    this.peer.getConnection(cid)?.watch(own, "getPingData");
    checkMap(own, "what getPingData returns");
    return { ...own, ...this.#source.pingdata };
  }

  #compose(msg: PingData, own?: PingData): PingData {
    const oldmsg = (this.#source.pingWriteback ?? WRITEBACK) ? { oldmsg: msg } : undefined;
    // Twice: it stands first, as a Python server has it, and cannot be replaced, since a Python pinger needs it.
    const data: Record<string, unknown> = { ...oldmsg, ...own, ...oldmsg };
    // Deleted first, so that it stands where a Python server has it: at the end.
    delete data.peng3dnet;
    data.peng3dnet = { version: VERSION, release: RELEASE, protoversion: PROTOVERSION };
    return data;
  }

  /** On a client, sends the ping; from then on the connection is active. Reference: `init`. */
  override init(cid: Cid): void {
    if (this.peer.side === SIDE_SERVER) return;
    if (!isPinger(this.peer)) {
      throw new InvalidStateError("this client cannot ping; make its class with PingableClientMixin");
    }
    this.#awaited = true;
    this.peer._ping();
    this.connection(cid).activate();
  }

  /**
   * Answers a ping, or takes a pong. Reference: `receive`.
   *
   * @returns true: nothing else happens to a packet of a ping connection.
   * @throws {@link PingInvalidSideError}, {@link InvalidPingPacketError}.
   */
  override receive(msg: unknown, pid: number, _flags: number, cid: Cid): true {
    const server = this.peer.side === SIDE_SERVER;
    if (pid === (server ? PONG_ID : PING_ID)) {
      throw new PingInvalidSideError(
        server ? "a client sent a pong, which servers do" : "the server sent a ping, which clients do",
      );
    }
    if (pid !== (server ? PING_ID : PONG_ID)) {
      throw new InvalidPingPacketError(`the peer sent packet ${pid} on a ping connection`);
    }
    if (!isMap(msg)) throw new InvalidPingPacketError("the body of a ping or pong is not a map");
    const limit = server ? MAX_PING_LENGTH : MAX_PONG_LENGTH;
    if (encodedLength(msg) > limit) {
      throw new InvalidPingPacketError(
        `the body of a ${server ? "ping" : "pong"} is longer than ${limit} bytes`,
      );
    }
    if (server) this.#answer(msg, cid as number);
    else this.#pong(msg);
    return true;
  }

  #answer(msg: PingData, cid: number): void {
    const count = (this.#answered.get(cid) ?? 0) + 1;
    if (count > MAX_PINGS) {
      throw new InvalidPingPacketError(`a client sent more than ${MAX_PINGS} pings on one connection`);
    }
    this.#answered.set(cid, count);
    const connection = this.connection(cid);
    const pong = this.#answerTo(msg, cid, connection);
    // getPingData is the application's: it may have closed the connection.
    if (!connection.closing) connection.sendRaw(PONG_ID, pong);
  }

  #answerTo(msg: PingData, cid: number, connection: Connection): PingData {
    try {
      const own = this.getPingData(msg, cid);
      // One that is asynchronous is a mistake; what it rejects with must not end the process.
      connection.watch(own, "getPingData");
      checkMap(own, "what getPingData returns");
      const pong = this.#compose(msg, own);
      checkData(pong, MAX_PONG_LENGTH, "the answer to a ping");
      return pong;
    } catch (error) {
      connection.watch(Promise.reject(error), "getPingData");
      return this.#compose(msg);
    }
  }

  #pong(msg: PingData): void {
    if (!this.#awaited) throw new InvalidPingPacketError("the server sent a pong that nobody asked for");
    this.#awaited = false;
    (this.peer as Peer & Pinger)._pong(msg);
  }

  override closed(cid: Cid): void {
    this.#answered.delete(cid);
    this.#awaited = false;
  }
}
