import { isPlainMap } from "../codec/writing/sendable.js";
import { type Cid, CONNTYPE_CLASSIC, SIDE_CLIENT, SIDE_SERVER, type Side } from "../constants.js";
import { MAX_REASON_BYTES } from "../errors/describe-error.js";
import {
  BadDataError,
  InvalidStateError,
  ProtocolVersionMismatchError,
  UnexpectedPacketError,
} from "../errors/errors.js";
import { cutUtf8, quoteText } from "../errors/quote-text.js";
import { Packet } from "../packets/packet.js";
import { type CommonPackets, type PacketRegistration, PacketRegistry } from "../registry/packet-registry.js";
import { syncRegistry } from "../registry/registry-sync.js";
import { PROTOVERSION } from "../version.js";
import type { HandshakeConnection, HandshakePeer } from "./handshake-connection.js";
import {
  ACCEPT_ID,
  ACCEPT_NAME,
  CLOSECONN_ID,
  CLOSECONN_NAME,
  HANDSHAKE_ID,
  HANDSHAKE_NAME,
  HELLO_ID,
  HELLO_NAME,
  SETTYPE_ID,
  SETTYPE_NAME,
} from "./internal-names.js";

/** How many characters of a peer's text an error message shows. */
const SHOWN = 40;

type Body = Readonly<Record<string, unknown>>;

/** A packet of the protocol itself. Its body is a map, and often only one side may receive it. */
abstract class InternalPacket extends Packet {
  declare readonly peer: HandshakePeer;

  constructor(reg: PacketRegistry, peer: HandshakePeer, obj: unknown = null) {
    super(reg, peer, obj);
  }

  /** The side that may receive this packet; `null`: both. No field, which each packet of each client would have. */
  protected abstract get receiver(): Side | null;

  override _receive(msg: unknown, cid: Cid): void {
    const body = this.checked(msg, this.peer.side);
    const connection = this.peer.getConnection(cid);
    if (connection === undefined) throw new InvalidStateError("the connection is closed");
    this.handle(body, connection);
  }

  /** As {@link InternalPacket._receive}, of a packet that belongs to no peer. */
  receiveFor(connection: HandshakeConnection, msg: unknown): void {
    this.handle(this.checked(msg, connection.side), connection);
  }

  /**
   * The body, if this side may receive it.
   *
   * @throws {@link UnexpectedPacketError}, {@link BadDataError}.
   */
  protected checked(msg: unknown, side: Side): Body {
    if (this.receiver !== null && this.receiver !== side)
      throw new UnexpectedPacketError(`the peer sent "${this.reg.getName(this)}", which only it may receive`);
    return this.bodyOf(msg);
  }

  /**
   * The body as a map.
   *
   * @throws {@link BadDataError} if it is none.
   */
  protected bodyOf(msg: unknown): Body {
    if (isPlainMap(msg)) return msg;
    throw new BadDataError(`the body of "${this.reg.getName(this)}" is not a map`);
  }

  /** Does what the packet asks of its connection. */
  protected abstract handle(body: Body, connection: HandshakeConnection): void;
}

/** A value of a peer as text for an error message. It may be of any kind and of any length. */
function show(value: unknown): string {
  if (typeof value === "string") return quoteText(value, SHOWN);
  return typeof value === "object" && value !== null ? "that is no number" : String(value);
}

/** @throws {@link ProtocolVersionMismatchError} if the server does not speak this version of the protocol. */
export function checkProtoversion(body: Body): void {
  if (body.protoversion !== PROTOVERSION) {
    throw new ProtocolVersionMismatchError(
      `the server speaks version ${show(body.protoversion)} of the protocol (library ${show(body.version)}), this client version ${PROTOVERSION}`,
    );
  }
}

/**
 * Greets the client with version information.
 *
 * @reference `HelloPacket`
 */
export class HelloPacket extends InternalPacket {
  protected override get receiver(): Side {
    return SIDE_CLIENT;
  }

  protected override handle(body: Body, connection: HandshakeConnection): void {
    connection.expect("hello");
    checkProtoversion(body);
    connection.extensionsReceived(connection.extensionsOf(body.ext));
    connection.helloReceived(connection.requestedConntype);
  }
}

/**
 * Names the client's connection type; classic where it names none.
 *
 * @reference `SetTypePacket`
 */
export class SetTypePacket extends InternalPacket {
  protected override get receiver(): Side {
    return SIDE_SERVER;
  }

  protected override handle(body: Body, connection: HandshakeConnection): void {
    connection.expect("settype");
    const conntype = body.conntype ?? CONNTYPE_CLASSIC;
    if (typeof conntype !== "string")
      throw new BadDataError("the connection type in settype is not a string");
    const extensions = connection.extensionsOf(body.ext);
    const { ticket, received, redirect } = extensions.resume ?? {};
    if (ticket === undefined || received === undefined) {
      connection.extensionsReceived(extensions);
      connection.settypeReceived(conntype);
    } else {
      // The ticket is a secret, which nobody needs who looks at what the client declares.
      connection.extensionsReceived({ ...extensions, resume: {} });
      connection.resumeReceived({ ticket, received, ...(redirect === true && { redirect }) });
    }
  }
}

/**
 * Brings the server's registry to the client.
 *
 * @reference `HandshakePacket`
 */
export class HandshakePacket extends InternalPacket {
  protected override get receiver(): Side {
    return SIDE_CLIENT;
  }

  protected override handle(body: Body, connection: HandshakeConnection): void {
    connection.expect("accept");
    checkProtoversion(body);
    if (connection.registrySync !== undefined)
      syncRegistry(connection.peer.registry, body.registry, connection.registrySync);
    connection.sendAccept();
  }
}

/**
 * Tells the server that its registry was taken over.
 *
 * @reference `HandshakeAcceptPacket`
 */
export class HandshakeAcceptPacket extends InternalPacket {
  protected override get receiver(): Side {
    return SIDE_SERVER;
  }

  protected override handle(body: Body, connection: HandshakeConnection): void {
    connection.expect("accept");
    if (body.success !== true)
      throw new BadDataError("the client's answer to the handshake does not say success");
    connection.acceptReceived();
  }
}

/** The body of a closing packet as a map. */
export function closingBody(msg: unknown): Body {
  return isPlainMap(msg) ? msg : {};
}

/** The reason in the body of a closing packet. It is cut, since it may be kept for long, in a log or as a key. */
export function closingReason({ reason = null }: Body): string | null {
  if (reason === null) return null;
  if (typeof reason !== "string") throw new BadDataError("the closing reason is not a string");
  return cutUtf8(reason, MAX_REASON_BYTES);
}

/**
 * Announces that the sender closes the connection.
 *
 * @reference `CloseConnectionPacket`
 */
export class CloseConnectionPacket extends InternalPacket {
  protected override get receiver(): null {
    return null;
  }

  /** The body as a map. Anything else counts as an empty one: the peer closes, and gives no reason. */
  protected override bodyOf(msg: unknown): Body {
    return closingBody(msg);
  }

  protected override handle(body: Body, connection: HandshakeConnection): void {
    connection.closeReceived(closingReason(body));
  }
}

/** Those that all peers share; made for the first one. */
let common: CommonPackets | undefined;

function commonPackets(): CommonPackets {
  if (common !== undefined) return common;
  const registry = new PacketRegistry();
  for (const [packet, name, id] of makePackets(registry, undefined)) registry.register(packet, name, id);
  common = { registry, make: makePackets };
  return common;
}

/** @param peer - a {@link HandshakePeer}; `undefined`: they belong to none, as all peers share them. */
function makePackets(registry: PacketRegistry, peer: unknown): readonly PacketRegistration[] {
  const owner = peer as HandshakePeer;
  return [
    [new HelloPacket(registry, owner), HELLO_NAME, HELLO_ID],
    [new SetTypePacket(registry, owner), SETTYPE_NAME, SETTYPE_ID],
    [new HandshakePacket(registry, owner), HANDSHAKE_NAME, HANDSHAKE_ID],
    [new HandshakeAcceptPacket(registry, owner), ACCEPT_NAME, ACCEPT_ID],
    [new CloseConnectionPacket(registry, owner), CLOSECONN_NAME, CLOSECONN_ID],
  ];
}

/** Registers the protocol's own packets under their fixed ids (clause 2). */
export function registerInternalPackets(registry: PacketRegistry, peer: HandshakePeer): void {
  registry.registerCommon(commonPackets(), peer);
}

/** One of the protocol's own packets was received. @returns what its handler did. */
export function receiveInternal(packet: Packet, connection: HandshakeConnection, msg: unknown): unknown {
  if (packet instanceof InternalPacket && packet.reg === common?.registry)
    return packet.receiveFor(connection, msg);
  return packet._receive(msg, connection.cid);
}
