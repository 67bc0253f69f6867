import { type Address, InvalidStateError } from "@peng3dnet/protocol";
import type { PeerParts } from "../base/peer-parts.js";
import type { Observation } from "../observing/observation.js";
import { SESSION, type Session } from "../session/session.js";
import type { Transport } from "../transport/transport.js";
import { accepted } from "../turns/arrivals.js";
import type { RunQueue } from "../turns/run-queue.js";
import type { Admission } from "./admission.js";
import type { ClientOnServer } from "./client-on-server.js";
import type { ClientTable } from "./client-table.js";
import type { ServerEvents } from "./server-options.js";

/** What taking clients in needs of a server. */
export interface ReceivingServer<C> {
  /** Whether it is stopped or shuts down. */
  ending(): boolean;
  genCID(): number;
  accept(transport: Transport, connected: number | undefined): unknown;
  createSession(transport: Transport, cid: number): Session<C>;
  createClient(session: Session<C>, addr: Address, cid: number): C;
  sendEvent(event: string, data: Readonly<Record<string, unknown>>): void;
}

/** What the reception needs of a server's hooks, and tells them. */
export interface Housekeeping {
  /** Shares the event loop, and has to know of connections that come. */
  readonly turns: RunQueue;
  readonly observation: Observation;
  /** How many clients there are whose sessions wait for them, and who hold no connection. */
  readonly suspendedCount: number;
  /** Sets what all connections may hold together, in bytes: input that is not worked off, and output that is unsent. */
  limitTotals(input: number, unsent: number): void;
}

/** Takes clients in, or refuses them: what becomes of a transport until its session has begun. */
export class Reception<C extends ClientOnServer> {
  readonly #server: ReceivingServer<C>;
  readonly #parts: PeerParts;
  readonly #table: ClientTable<C>;
  readonly #admission: Admission<Session<C>>;
  readonly #house: Housekeeping;

  constructor(
    server: ReceivingServer<C>,
    parts: PeerParts,
    table: ClientTable<C>,
    admission: Admission<Session<C>>,
    house: Housekeeping,
  ) {
    this.#server = server;
    this.#parts = parts;
    this.#table = table;
    this.#admission = admission;
    this.#house = house;
  }

  /** An acceptor offers a client. As `offer` of a {@link ListenRequest}: it never throws. */
  offered(addr: Address, open: () => Transport, refuse: () => void, connected: number | undefined): void {
    const { clock, guard } = this.#parts;
    let transport: Transport | undefined;
    accepted(this.#house.turns, clock.now());
    try {
      const refused = this.#refusal(addr);
      if (refused === undefined) {
        transport = open();
        this.#server.accept(transport, connected);
        return;
      }
      guard.run("accept", refuse);
      this.drop(addr, refused);
    } catch (error) {
      // The application's clientcls or genCID failed; nothing may escape from the acceptor's event.
      const opened = transport;
      guard.run("accept", opened === undefined ? refuse : () => opened.destroy());
      guard.failed(error, "accept");
    }
  }

  /** A client waits until it is offered. As `wait` of a {@link ListenRequest}: it never throws. */
  wait(addr: Address, refuse: () => void): (() => void) | undefined {
    const refused = this.#refusal(addr);
    if (refused === undefined) return this.#admission.wait(addr[0]);
    this.#parts.guard.run("accept", refuse);
    this.drop(addr, refused);
    return undefined;
  }

  #refusal(addr: Address): string | undefined {
    if (this.#server.ending()) return "servershutdown";
    const connections = this.#table.connected.size - this.#house.suspendedCount;
    return this.#admission.refusal(connections, addr[0]);
  }

  /** A client is turned away. */
  drop(addr: Address, reason: string): void {
    this.#table.refused(reason);
    this.#house.observation.dropped(addr, reason);
    this.#emit("drop", { addr, reason });
  }

  /**
   * Makes a client of a transport, and begins its session.
   *
   * @param connected - when the network accepted the connection. Default: now.
   * @throws {@link InvalidStateError} if the server is ending, or if its `genCID` gives what is no id, or one that is in use.
   */
  accept(transport: Transport, connected: number | undefined): C {
    const server = this.#server;
    const { clock, guard } = this.#parts;
    this.#checkOpen();
    const cid = this.#freeCid();
    this.#checkOpen();
    const session = server.createSession(transport, cid);
    this.#house.limitTotals(session.options.maxQueuedTotal, session.options.unsentTotal);
    const addr = transport.remoteAddress;
    const client = server.createClient(session, addr, cid);
    // Its constructor may have ended the server, or had it take somebody else in.
    this.#checkOpen();
    this.#checkFree(cid);
    // Its class may be no subclass of ours, or one of another copy of this package.
    if (client[SESSION] === undefined) Object.defineProperty(client, SESSION, { value: session });
    session.owner = client;
    this.#table.add(cid, client);
    const evicted = this.#admission.begin(session, addr[0]);
    server.sendEvent("connection.accept", { sock: transport.socket, addr, client, cid });
    if (session.options.prints?.connect) this.#parts.peer.print(`connect ${cid} ${addr.join(" ")}`);
    try {
      const result: unknown = client.onConnect();
      if (result !== undefined) guard.watch(result, "onConnect");
    } catch (error) {
      guard.failed(error, "onConnect");
    }
    this.#emit("connection", client);
    session.start(connected === undefined ? 0 : Math.max(0, clock.now() - connected) / 1000);
    if (evicted !== undefined) this.#evict(evicted);
    return client;
  }

  #freeCid(): number {
    const cid = this.#server.genCID();
    if (!Number.isSafeInteger(cid)) {
      this.#parts.guard.watch(cid, "genCID");
      throw new InvalidStateError("genCID gave something that is not an integer");
    }
    this.#checkFree(cid);
    return cid;
  }

  #checkFree(cid: number): void {
    if (this.#table.find(cid) !== undefined)
      throw new InvalidStateError(`genCID gave the id ${cid}, which is in use`);
  }

  #checkOpen(): void {
    if (this.#server.ending())
      throw new InvalidStateError("the server is stopped or shuts down; it accepts nothing more");
  }

  #evict(session: Session<C>): void {
    session.abort(this.#admission.error());
    this.#emit("drop", { addr: session.transport.remoteAddress, reason: "serverfull" });
  }

  #emit<K extends keyof ServerEvents<C> & string>(event: K, ...args: ServerEvents<C>[K]): void {
    this.#parts.emit(event, args);
  }
}
