import type { AnyPacketDefinition, CloseInfo } from "@peng3dnet/protocol";
import type { PeerOptions } from "../base/options.js";
import type { PeerEvents } from "../base/peer-base.js";
import type { Connector } from "../transport/connector.js";

/** Options of a `Client`. */
export interface ClientOptions<D extends AnyPacketDefinition = AnyPacketDefinition> extends PeerOptions<D> {
  /**
   * Connection type; default `CONNTYPE_CLASSIC`.
   *
   * @reference `conntype`
   */
  readonly conntype?: string | undefined;
  /** What connects. Without one the client has the transport that is given to {@link Client.attach}. */
  readonly connector?: Connector | undefined;
}

/** What a package for one runtime hands in for where an application says nothing. */
export type ClientDefaults = Pick<ClientOptions, "platform" | "connector">;

/** Arguments of a client's listeners. */
export interface ClientEvents extends PeerEvents {
  /** The connection is up; the handshake is still to come. */
  connect: [];
  /** The handshake is complete. */
  handshakecomplete: [];
  /** The connection is closed. Once. */
  close: [info: CloseInfo];
  /** After `sendMessage` returned false: there is room again. */
  drain: [];
}
