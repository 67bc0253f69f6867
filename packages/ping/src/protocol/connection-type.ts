import {
  type Cid,
  ConnectionType,
  InvalidStateError,
  type Peer,
  type PluginConnection,
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
  /**
   * Data of every answer. Where `getPingData` returns the same key, this one wins.
   *
   * @reference `pingdata`
   */
  readonly pingdata?: PingData | undefined;
  /**
   * Data of one answer.
   *
   * @reference `getPingData`
   */
  getPingData?(msg: PingData, cid: number): PingData;
  /** Whether the ping is sent back as `oldmsg`. Default {@link WRITEBACK}. */
  readonly pingWriteback?: boolean | undefined;
}

/** What the connection type calls on the pinging side. A client made with {@link PingableClientMixin} is one. */
interface Pinger {
  _ping(): void;
  _pong(msg: PingData): void;
}

function isPinger(peer: Peer): peer is Peer & Pinger {
  return "_ping" in peer && "_pong" in peer;
}

/**
 * Connection type of pings: no registry is synchronised and no packet processed, so that a server with any packets
 * can be pinged. The client sends a map and its time, the server answers with a map.
 *
 * On the server a ping connection does not become active. So neither `onHandshakeComplete` nor a broadcast ever
 * concerns it, pings are answered at once even if the application calls `process` now and then, and
 * `net.timeout.handshake` bounds the time that it may stay.
 *
 * Closes with `pinginvalidside` ({@link PingInvalidSideError}) and `invalidpingpacket`
 * ({@link InvalidPingPacketError}).
 *
 * @reference `PingConnectionType`
 */
export class PingConnectionType extends ConnectionType {
  /** Whoever pings learns that the server lets nobody in. */
  override readonly servedWhileDraining = true;
  readonly #source: PingSource;
  /** How many pings were answered, by client id. */
  readonly #answered = new Map<Cid, number>();
  /** Whether a pong is awaited. Only a client uses it. */
  #awaited = false;

  /**
   * @param peer - the server or client.
   * @param source - where a server's answers come from. Default: the peer, as far as it has what {@link PingSource} lists.
   */
  constructor(peer: Peer, source: PingSource = peer as Peer & PingSource) {
    super(peer);
    this.#source = source;
  }

  /**
   * Returns data for the answer to a ping; override it to add some. The default returns those of the {@link PingSource}:
   * `getPingData(msg, cid)` and `pingdata`, of which the latter wins where both have a key. The result is merged into the
   * answer, in which `oldmsg` and `peng3dnet` are always the library's.
   *
   * If it throws, or the answer would be longer than {@link MAX_PONG_LENGTH}, the error is reported as the failure of a
   * handler, and the client gets an answer without the application's data.
   *
   * @param msg - the ping.
   * @reference `getPingData`
   */
  getPingData(msg: PingData, cid: number): PingData {
    const own = this.#source.getPingData?.(msg, cid) ?? {};
    this.peer.getConnection(cid)?.watch(own, "getPingData");
    checkMap(own, "what getPingData returns");
    const { pingdata = {} } = this.#source;
    // Of a text or a list, each part would become a key.
    checkMap(pingdata, "pingdata");
    return { ...own, ...pingdata };
  }

  #compose(msg: PingData, own?: PingData): PingData {
    const oldmsg = (this.#source.pingWriteback ?? WRITEBACK) ? { oldmsg: msg } : undefined;
    // `oldmsg` is spread twice. The first gives it the first place, where a Python server has it. The second undoes what the
    // application's data may have put there, since a Python pinger needs the original.
    const data: Record<string, unknown> = { ...oldmsg, ...own, ...oldmsg };
    // A key that is set again keeps its place. Deleted before, it comes last, where a Python server has it.
    delete data.peng3dnet;
    const draining = this.peer.draining === true ? { draining: true } : undefined;
    data.peng3dnet = { version: VERSION, release: RELEASE, protoversion: PROTOVERSION, ...draining };
    return data;
  }

  /**
   * Sends the ping on a client, whose connection is active from then on. Does nothing on a server.
   *
   * @reference `init`
   */
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
   * Answers a ping, or takes a pong.
   *
   * @returns true: nothing else happens to a packet of a ping connection.
   * @throws {@link PingInvalidSideError} for a ping to a client or a pong to a server, {@link InvalidPingPacketError} for
   * anything else that does not belong on a ping connection.
   * @reference `receive`
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
    // `getPingData` is code of the application and may have closed the connection.
    if (!connection.closing) connection.sendRaw(PONG_ID, pong);
  }

  #answerTo(msg: PingData, cid: number, connection: PluginConnection): PingData {
    try {
      const own = this.getPingData(msg, cid);
      // An asynchronous `getPingData` is a mistake. Its promise is watched, so that a rejection does not end the process.
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
