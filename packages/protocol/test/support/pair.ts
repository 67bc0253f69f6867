// A server's and a client's end of one connection, linked in memory, with a driver that does what the one of
// @peng3dnet/core does: moves bytes, dispatches packets, answers a peer's fault with a closing packet.

import {
  type Cid,
  ClassicConnectionType,
  type CloseInfo,
  Config,
  type ConfigOverrides,
  Connection,
  type ConnectionContext,
  type ConnectionContextOptions,
  type ConnectionHost,
  type ConnectionType,
  createConnectionContext,
  type PacketEntry,
  type PacketRef,
  PacketRegistry,
  type Peer,
  Peng3dnetError,
  type ResumeRequest,
  registerInternalPackets,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Side,
} from "@peng3dnet/protocol";
import { concat } from "./bytes.js";
import { zlib } from "./zlib.js";

export class FakePeer implements Peer {
  readonly registry = new PacketRegistry();
  readonly cfg: Config;
  readonly connections = new Map<Cid, Connection>();
  readonly conntypes = new Map<string, ConnectionType>();
  readonly closes: { cid: Cid; reason: string | null }[] = [];
  /** What `closeConnection` rejects with, if anything. */
  closeFailure: Error | undefined;

  constructor(
    readonly side: Side,
    options: ConfigOverrides = {},
  ) {
    this.cfg = new Config(options);
    this.conntypes.set("classic", new ClassicConnectionType(this));
  }

  sendMessage(ptype: PacketRef, data: unknown, cid: Cid = null): boolean {
    const connection = this.getConnection(cid);
    if (connection === undefined) throw new Error("no such connection");
    return connection.send(ptype, data);
  }

  async closeConnection(cid: Cid = null, reason: string | null = null): Promise<CloseInfo> {
    this.closes.push({ cid, reason });
    if (this.closeFailure !== undefined) throw this.closeFailure;
    this.getConnection(cid)?.sendClose(reason);
    return { reason, error: undefined, clean: true };
  }

  getConnection(cid: Cid = null): Connection | undefined {
    return this.connections.get(cid);
  }

  getConnType(name: string): ConnectionType | undefined {
    return this.conntypes.get(name);
  }
}

/** Writes down all that a connection tells its surroundings. */
export class FakeHost implements ConnectionHost {
  readonly messages: { name: string; id: number; msg: unknown }[] = [];
  readonly sentData: { ptype: PacketRef; data: unknown }[] = [];
  readonly failures: { error: unknown; where: string }[] = [];
  readonly faults: { error: unknown; where: string }[] = [];
  readonly ignoredBecause: string[] = [];
  readonly closeReasons: (string | null)[] = [];
  completed = 0;
  pending = 0;
  full = 0;
  readonly beats: unknown[][] = [];
  readonly acknowledgements: unknown[][] = [];
  readonly tickets: unknown[][] = [];
  /** What clients asked for that came back. */
  readonly asked: ResumeRequest[] = [];
  onReceived: ((entry: PacketEntry, msg: unknown) => void) | undefined;
  onSent: ((ptype: PacketRef, data: unknown) => void) | undefined;
  onFull: (() => void) | undefined;

  outputPending(): void {
    this.pending++;
  }

  outputFull(): void {
    this.full++;
    this.onFull?.();
  }

  handshakeComplete(): void {
    this.completed++;
  }

  received(entry: PacketEntry, msg: unknown): void {
    this.messages.push({ name: entry.name, id: entry.id, msg });
    this.onReceived?.(entry, msg);
  }

  sent(ptype: PacketRef, data: unknown): void {
    this.sentData.push({ ptype, data });
    this.onSent?.(ptype, data);
  }

  heartbeatReceived(...args: unknown[]): void {
    this.beats.push(args);
  }

  acknowledged(...args: unknown[]): void {
    this.acknowledgements.push(args);
  }

  ticketReceived(...args: unknown[]): void {
    this.tickets.push(args);
  }

  resumeAsked(request: ResumeRequest): void {
    this.asked.push(request);
  }

  closeReceived(reason: string | null): void {
    this.closeReasons.push(reason);
  }

  handlerFailed(error: unknown, where: string): void {
    this.failures.push({ error, where });
  }

  fail(error: unknown, where: string): void {
    this.faults.push({ error, where });
  }

  ignored(message: string): void {
    this.ignoredBecause.push(message);
  }
}

export interface EndOptions extends ConnectionContextOptions {
  readonly cfg?: ConfigOverrides | undefined;
  readonly cid?: Cid;
  readonly conntype?: string | undefined;
  /** Registers packets and connection types. */
  readonly setUp?: ((peer: FakePeer) => void) | undefined;
}

/** One end of a connection. */
export class End {
  readonly peer: FakePeer;
  readonly host = new FakeHost();
  readonly context: ConnectionContext;
  readonly connection: Connection;
  /** What the other side did wrong. */
  readonly errors: Peng3dnetError[] = [];

  constructor(side: Side, { cfg, cid, conntype, setUp, ...rest }: EndOptions = {}) {
    this.peer = new FakePeer(side, cfg);
    setUp?.(this.peer);
    // After the application's own, as the reference does; the order shows in the handshake.
    registerInternalPackets(this.peer.registry, this.peer);
    this.context = createConnectionContext(this.peer, this.peer.cfg, { compression: zlib, ...rest });
    const id = cid ?? (side === SIDE_SERVER ? 1 : null);
    this.connection = new Connection(this.context, id, this.host, conntype);
    this.peer.connections.set(id, this.connection);
  }

  /** Takes bytes from the other side and processes what is whole. */
  receive(chunk: Uint8Array): void {
    const { connection } = this;
    connection.push(chunk);
    try {
      while (connection.next()) connection.dispatch();
    } catch (error) {
      if (!(error instanceof Peng3dnetError) || error.closeReason === undefined) throw error;
      if (error.message === "") throw new Error(`the ${error.name} says nothing`, { cause: error });
      this.errors.push(error);
      connection.discardInput();
      connection.sendClose(error.closeReason);
    }
  }

  /** Takes what this side wants to send. */
  take(): Uint8Array {
    const parts: Uint8Array[] = [];
    while (this.connection.hasOutput) {
      parts.push(this.connection.output().slice());
      this.connection.outputTaken(true);
    }
    return concat(...parts);
  }

  /** Codes of the errors that the other side caused. */
  get codes(): string[] {
    return this.errors.map(({ code }) => code);
  }

  /** Payloads that arrived. */
  get received(): unknown[] {
    return this.host.messages.map(({ msg }) => msg);
  }
}

export interface Passed {
  readonly dir: "S>C" | "C>S";
  readonly bytes: Uint8Array;
}

export class Pair {
  readonly server: End;
  readonly client: End;
  /** What went over the link. */
  readonly passed: Passed[] = [];

  constructor(server: EndOptions = {}, client: EndOptions = {}) {
    this.server = new End(SIDE_SERVER, server);
    this.client = new End(SIDE_CLIENT, client);
  }

  open(): this {
    this.client.connection.open();
    this.server.connection.open();
    return this.pump();
  }

  /** Moves bytes until both sides are quiet. */
  pump(): this {
    while (this.server.connection.hasOutput || this.client.connection.hasOutput) {
      this.#move(this.server, this.client, "S>C");
      this.#move(this.client, this.server, "C>S");
    }
    return this;
  }

  #move(from: End, to: End, dir: Passed["dir"]): void {
    const chunk = from.take();
    if (chunk.length === 0) return;
    this.passed.push({ dir, bytes: chunk });
    to.receive(chunk);
  }
}

/** A pair whose sides both ran `setUp`, after the handshake. */
export function activePair(
  setUp: (peer: FakePeer) => void,
  server: EndOptions = {},
  client: EndOptions = {},
): Pair {
  return new Pair({ setUp, ...server }, { setUp, ...client }).open();
}

/** A server's end that has a client past the handshake, for feeding it bytes. */
export function activeServer(setUp: (peer: FakePeer) => void, options: EndOptions = {}): End {
  const { server } = activePair(setUp, options);
  return server;
}
