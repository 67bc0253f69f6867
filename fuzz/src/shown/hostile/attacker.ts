import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { concat } from "../../bytes.js";
import { ACCEPT, SETTYPE } from "../../targets/wire.js";

/** What a client sends until it is active. The server takes it in one piece. */
export const ENTER = concat([SETTYPE, ACCEPT]);

/** How a connection is opened. */
export interface Opening {
  /** Sent at once. */
  readonly first?: Uint8Array;
  /** Read nothing. */
  readonly deaf?: boolean;
  /** Speak TLS. */
  readonly tls?: boolean;
  /** Come from an address of its own: 127.0.1.1 and up. Default 127.0.0.1. */
  readonly from?: number;
  /** Keep the own half open when the server ends its one. */
  readonly halfOpen?: boolean;
}

/** Sockets of an attack, and the count of what they sent. */
export class Attacker {
  bytes = 0;
  /** What could not be done in time, if anything. */
  shortfall: string | null = null;
  readonly #port: number;
  readonly #until: number;
  readonly #sockets = new Set<Socket>();
  /** For victims that are clients: called for each that connects. */
  onVisitor: (socket: Socket) => void = (socket) => void socket.destroy();

  constructor(port: number, seconds: number) {
    this.#port = port;
    this.#until = performance.now() + seconds * 1000;
  }

  get over(): boolean {
    return performance.now() >= this.#until;
  }

  /** Sleeps, until the end of the attack at most. */
  async pause(milliseconds: number): Promise<void> {
    await sleep(Math.max(0, Math.min(milliseconds, this.#until - performance.now())));
  }

  /** Waits for the end. */
  async rest(): Promise<void> {
    while (!this.over) await this.pause(1000);
  }

  /** @returns undefined where the connection is refused, or the attack over. */
  async open({ first, deaf, tls, from, halfOpen }: Opening = {}): Promise<Socket | undefined> {
    const localAddress = from === undefined ? "127.0.0.1" : `127.0.1.${1 + (from % 250)}`;
    const raw = connect({
      host: "127.0.0.1",
      port: this.#port,
      localAddress,
      noDelay: true,
      allowHalfOpen: halfOpen === true,
    });
    this.#keep(raw);
    const socket = tls === true ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
    socket.on("error", () => {});
    if (deaf === true) socket.pause();
    else socket.resume();
    const came = await new Promise<boolean>((resolve) => {
      socket.once(tls === true ? "secureConnect" : "connect", () => resolve(true));
      raw.once("close", () => resolve(false));
    });
    if (!came || raw.destroyed) return undefined;
    if (first !== undefined) this.write(socket, first);
    return socket;
  }

  /** Takes over a socket. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setMaxListeners(0);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  /** A victim that is a client has connected. */
  visit(socket: Socket): void {
    this.#keep(socket);
    socket.resume();
    this.onVisitor(socket);
  }

  /** Counts, and writes. @returns false where the socket should be given time. */
  write(socket: Socket, bytes: Uint8Array): boolean {
    if (this.over || socket.destroyed || !socket.writable) return true;
    this.bytes += bytes.length;
    return socket.write(bytes);
  }

  /** Writes and waits for room. @returns whether the connection is still there. */
  async send(socket: Socket, bytes: Uint8Array): Promise<boolean> {
    if (!this.write(socket, bytes)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off("drain", done);
          socket.off("close", done);
          resolve();
        };
        socket.on("drain", done);
        socket.on("close", done);
      });
    }
    return !socket.destroyed && socket.writable;
  }

  /** Gets rid of all sockets at once: the server drops what it has not read. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/** How a flood flows. */
export interface Flow extends Opening {
  readonly connections?: number;
  /** Written again and again; a function gives the next one for each connection. */
  readonly chunk: Uint8Array | ((turn: number) => Uint8Array);
  /** Time from one to the next, in milliseconds. Default 0: as fast as the server reads. */
  readonly every?: number;
  /** A connection for each chunk, reset before the next one. */
  readonly anew?: boolean;
  /** Addresses that it comes from. Default 1: 127.0.0.1. */
  readonly addresses?: number;
}

/** Connections that write, and come again when they are closed. */
export async function flood(attacker: Attacker, flow: Flow): Promise<void> {
  const { connections = 1, chunk, every = 0, anew = false, addresses = 1 } = flow;
  const one = async (index: number): Promise<void> => {
    let socket: Socket | undefined;
    const opening: Opening = addresses > 1 ? { ...flow, from: index % addresses } : flow;
    for (let turn = 0; !attacker.over; turn++) {
      socket ??= await attacker.open(opening);
      if (socket !== undefined) {
        const bytes = typeof chunk === "function" ? chunk(turn) : chunk;
        if (!(await attacker.send(socket, bytes))) socket = undefined;
      }
      // Those who are refused do not come back at full speed: this is not to measure how fast we can knock.
      await attacker.pause(Math.max(every, socket === undefined ? 10 : 0));
      if (!anew) continue;
      socket?.resetAndDestroy();
      socket = undefined;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
}
