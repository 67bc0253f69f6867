import { type Cid, ConnectionType, type Peer } from "@peng3dnet/protocol";
import { InvalidTokenPacketError, REASON_ERROR, TokenDeniedError } from "./errors.js";
import type { TokenClientOptions, TokenServerOptions } from "./options.js";

/** Name of the connection type. */
export const CONNTYPE_TOKEN = "token";

/**
 * Packet ids of the step. They stand for themselves until the token is accepted, so they are not registered, and
 * may belong to any packet of the application afterwards.
 */
export const TOKEN_REQUEST_ID = 64;
/** Packet id of the client's answer. */
export const TOKEN_ID = 65;

/** The text under a key of a packet's body. */
function textIn(msg: unknown, key: string): string | undefined {
  if (typeof msg !== "object" || msg === null) return undefined;
  const value: unknown = Reflect.get(msg, key);
  return typeof value === "string" ? value : undefined;
}

/**
 * The server's half. One object serves all its clients, so what it knows of one stands in a map by its id.
 *
 *     server                      client
 *       ◀── settype ("token") ────
 *       ──── { realm } ───────────▶      id 64
 *       ◀─── { token } ────────────      id 65
 *       check(token)
 *       ──── the classic handshake goes on ──▶
 */
export class TokenServerType extends ConnectionType {
  readonly #options: TokenServerOptions;
  /** Clients that have not been let in: whether their token is awaited, or being checked. */
  readonly #pending = new Map<Cid, "awaited" | "checked">();

  constructor(peer: Peer, options: TokenServerOptions) {
    super(peer);
    this.#options = options;
  }

  /** The client asked for this type: ask for its token. */
  override init(cid: Cid): void {
    this.#pending.set(cid, "awaited");
    this.connection(cid).sendRaw(TOKEN_REQUEST_ID, { realm: this.#options.realm ?? "" });
  }

  /** Takes the token; leaves everything else alone once the client is in. */
  override receive(msg: unknown, pid: number, _flags: number, cid: Cid): boolean {
    const step = this.#pending.get(cid);
    if (step === undefined) return false;
    if (step !== "awaited" || pid !== TOKEN_ID) {
      throw new InvalidTokenPacketError(`the client sent packet ${pid} instead of one token`);
    }
    const token = textIn(msg, "token");
    if (token === undefined || token.length > (this.#options.maxLength ?? 1024)) {
      throw new InvalidTokenPacketError("the client's token is no string, or too long");
    }
    this.#pending.set(cid, "checked");
    // Reports what #decide throws as the failure of a handler.
    this.connection(cid).watch(this.#decide(token, cid as number), "check");
    return true;
  }

  async #decide(token: string, cid: number): Promise<void> {
    try {
      const accepted = await this.#options.check(token, cid);
      // While the check went on, the connection may have been closed.
      if (!this.#pending.delete(cid)) return;
      if (accepted) this.#letIn(cid);
      else this.connection(cid).fail(new TokenDeniedError("the token was not accepted"));
    } finally {
      // The check threw an error, which `watch` reports.
      if (this.#pending.has(cid)) await this.peer.closeConnection(cid, REASON_ERROR);
    }
  }

  #letIn(cid: number): void {
    const connection = this.connection(cid);
    if (connection.closing) return;
    connection.startHandshake();
    connection.sendHandshake();
  }

  override closed(cid: Cid): void {
    this.#pending.delete(cid);
  }
}

/** The client's half. A client has one connection, so it needs no map. */
export class TokenClientType extends ConnectionType {
  readonly #options: TokenClientOptions;
  #asked = false;

  constructor(peer: Peer, options: TokenClientOptions) {
    super(peer);
    this.#options = options;
  }

  /** The server was told the type: it will ask for the token. */
  override init(): void {}

  /** Answers the request, and goes on with the classic handshake. */
  override receive(msg: unknown, pid: number, _flags: number, cid: Cid): boolean {
    if (this.#asked) return false;
    const realm = textIn(msg, "realm");
    if (pid !== TOKEN_REQUEST_ID || realm === undefined) {
      throw new InvalidTokenPacketError(`the server sent packet ${pid} instead of asking for the token`);
    }
    this.#asked = true;
    const { token } = this.#options;
    const connection = this.connection(cid);
    connection.sendRaw(TOKEN_ID, { token: typeof token === "string" ? token : token(realm) });
    connection.startHandshake();
    return true;
  }

  override closed(): void {
    this.#asked = false;
  }
}
