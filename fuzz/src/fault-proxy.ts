import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import type { Address } from "@peng3dnet/core";

/** What happens to the bytes of one direction. Offsets count the bytes of that direction. */
export interface DirectionFaults {
  /** Longest piece that is passed on at once, in bytes. */
  readonly slice?: number | undefined;
  /** Milliseconds before each piece is passed on. */
  readonly delay?: number | undefined;
  /** Most bytes a second. */
  readonly bandwidth?: number | undefined;
  /** Passes nothing on for some milliseconds, once so many bytes were. */
  readonly freeze?: { readonly at: number; readonly milliseconds: number } | undefined;
  /** Ends this direction, as its sender's orderly death does, once so many bytes were passed on. */
  readonly finAt?: number | undefined;
  /** Resets both connections once so many bytes were passed on. */
  readonly resetAt?: number | undefined;
  /** Bits to turn over, by offset. */
  readonly flips?: ReadonlyMap<number, number> | undefined;
}

/** What happens to a connection. */
export interface FaultPlan {
  readonly toServer?: DirectionFaults | undefined;
  readonly toClient?: DirectionFaults | undefined;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
/** Bytes that wait in the proxy before it stops reading. */
const HIGH_WATER = 256 * 1024;

/** One direction of a connection through the proxy. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: DirectionFaults;
  readonly #reset: () => void;
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #passed = 0;
  #ended = false;
  #over = false;
  #frozen = false;
  #thawed = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(from: Socket, to: Socket, faults: DirectionFaults, reset: () => void) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    this.#reset = reset;
    from.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      // A copy, since bits of it may be turned over.
      this.#pieces.push(Uint8Array.prototype.slice.call(chunk));
      this.#waiting += chunk.length;
      if (this.#waiting > HIGH_WATER) from.pause();
      this.#run();
    });
    from.on("end", () => {
      this.#ended = true;
      this.#run();
    });
    to.on("drain", () => this.#run());
  }

  /** Begins; a fault at the first byte happens at once. */
  start(): void {
    this.#run();
  }

  /** The connection is gone. */
  stop(): void {
    this.#over = true;
    this.#pieces = [];
    clearTimeout(this.#timer);
  }

  #run(): void {
    while (!this.#over && !this.#frozen && this.#timer === undefined && this.#step());
  }

  /** Passes a piece on. @returns whether to go on at once. */
  #step(): boolean {
    const { resetAt, finAt, freeze, slice, delay = 0, bandwidth } = this.#faults;
    if (resetAt !== undefined && this.#passed >= resetAt) {
      this.#reset();
      return false;
    }
    const piece = this.#pieces[0];
    if ((finAt !== undefined && this.#passed >= finAt) || (piece === undefined && this.#ended)) {
      this.#over = true;
      this.#to.end();
      // What still comes is read and forgotten, so that the sender sees no difference.
      this.#from.resume();
      return false;
    }
    if (freeze !== undefined && !this.#thawed && this.#passed >= freeze.at) {
      this.#thawed = true;
      this.#frozen = true;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#frozen = false;
        this.#run();
      }, freeze.milliseconds);
      return false;
    }
    if (piece === undefined || this.#to.writableNeedDrain) return false;
    const end = Math.min(
      slice ?? Infinity,
      (resetAt ?? Infinity) - this.#passed,
      (finAt ?? Infinity) - this.#passed,
    );
    const untilFreeze = freeze === undefined || this.#thawed ? Infinity : freeze.at - this.#passed;
    this.#pass(piece.subarray(0, Math.min(end, untilFreeze)), piece);
    const pause = delay + (bandwidth === undefined ? 0 : (Math.min(end, piece.length) / bandwidth) * 1000);
    if (pause <= 0) return true;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, pause);
    return false;
  }

  #pass(bytes: Uint8Array, piece: Uint8Array): void {
    for (const [offset, mask] of this.#faults.flips ?? []) {
      const index = offset - this.#passed;
      if (index >= 0 && index < bytes.length) bytes[index] = (bytes[index] as number) ^ mask;
    }
    if (bytes.length < piece.length) this.#pieces[0] = piece.subarray(bytes.length);
    else this.#pieces.shift();
    this.#passed += bytes.length;
    this.#waiting -= bytes.length;
    this.#to.write(bytes);
    if (this.#from.isPaused() && this.#waiting <= HIGH_WATER / 2) this.#from.resume();
  }
}

/**
 * Stands between clients and a server on this machine and does to their connections what a bad network does:
 * slices, delays, freezes, ends, resets, turns bits over. Loopback only.
 */
export class FaultProxy {
  readonly #server: NetServer;
  readonly #target: Address;
  readonly #plan: (connection: number) => FaultPlan;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  private constructor(target: Address, plan: (connection: number) => FaultPlan) {
    this.#target = target;
    this.#plan = plan;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /**
   * Listens on a free port.
   *
   * @param target - the server's address, on this machine.
   * @param plan - what happens to a connection; they count from 0.
   */
  static async listen(target: Address, plan: (connection: number) => FaultPlan): Promise<FaultProxy> {
    if (!LOOPBACK.has(target[0])) throw new Error(`the proxy serves this machine only, not ${target[0]}`);
    const proxy = new FaultProxy(target, plan);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen({ host: "127.0.0.1", port: 0, backlog: 511 }, resolve);
    });
    return proxy;
  }

  /** Where clients connect to. */
  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return [address, port];
  }

  /** Cuts everything and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(client: Socket): void {
    const { toServer = {}, toClient = {} } = this.#plan(this.#connections++);
    const [host, port] = this.#target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const reset = (): void => {
      for (const pipe of pipes) pipe.stop();
      client.resetAndDestroy();
      // While it connects there is nothing to reset.
      if (server.connecting) server.destroy();
      else server.resetAndDestroy();
    };
    const pipes = [new Pipe(client, server, toServer, reset), new Pipe(server, client, toClient, reset)];
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // A reset from one end is one for the other.
      socket.on("error", reset);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    for (const pipe of pipes) pipe.start();
  }
}
