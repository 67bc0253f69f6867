import type { Socket } from "node:net";
import type { Address, Client, ClientOnServer, EngineLike, PacketRef, Server } from "@peng3dnet/core";

// The names and keys are the reference's, letter for letter; docs/events.md says when each event is sent.

/** Data of every event of a server. */
export interface ServerEventData<C extends ClientOnServer = ClientOnServer> {
  /** The engine or bus, as given to the constructor. */
  readonly peng: EngineLike | undefined;
  /** The server that sent the event. */
  readonly server: Server<C>;
}

/** Data of every event of a client. */
export interface ClientEventData {
  /** The engine or bus, as given to the constructor. */
  readonly peng: EngineLike | undefined;
  /** The client that sent the event. */
  readonly client: Client;
}

/** Data of the events of one connection of a server. */
export interface ConnectionEventData<C extends ClientOnServer = ClientOnServer> extends ServerEventData<C> {
  /** The client at the other end. */
  readonly client: C;
}

/** Data of `peng3dnet:server.bind`. */
export interface ServerBindData<C extends ClientOnServer = ClientOnServer> extends ServerEventData<C> {
  /** Address that the server listens on, with the real port. */
  readonly addr: Readonly<Address>;
}

/** Data of `peng3dnet:server.stop`. */
export interface ServerStopData<C extends ClientOnServer = ClientOnServer> extends ServerEventData<C> {
  /** What stopped it: always a call of the method. */
  readonly reason: "method";
}

/** Data of `peng3dnet:server.shutdown`: the arguments of the call, defaults filled in. */
export interface ServerShutdownData<C extends ClientOnServer = ClientOnServer> extends ServerEventData<C> {
  /** Whether it waited for all connections to close. */
  readonly join: boolean;
  /** Seconds that it waited at most; 0: as long as it takes. */
  readonly timeout: number;
  /** What the clients were told. */
  readonly reason: string | null;
}

/** Data of `peng3dnet:server.connection.accept`. */
export interface ConnectionAcceptData<C extends ClientOnServer = ClientOnServer>
  extends ConnectionEventData<C> {
  /** The socket; `undefined` for a link in memory. */
  readonly sock: Socket | undefined;
  /** Address of the other end. */
  readonly addr: Readonly<Address>;
  /** Id of the client. */
  readonly cid: number;
}

/** Data of `peng3dnet:server.connection.send`. */
export interface ConnectionSendData<C extends ClientOnServer = ClientOnServer>
  extends ConnectionEventData<C> {
  /** The packet type as the sender gave it. */
  readonly pid: PacketRef;
  /** The encoded packet with length prefix and header; a copy of your own. */
  readonly data: Uint8Array;
}

/** Data of `peng3dnet:server.connection.recv`. */
export interface ConnectionRecvData<C extends ClientOnServer = ClientOnServer>
  extends ConnectionEventData<C> {
  /** Id of the packet type. */
  readonly pid: number;
  /** The decoded message, of any kind that msgpack knows. */
  readonly msg: unknown;
}

/** Data of `peng3dnet:server.connection.close`. */
export interface ConnectionCloseData<C extends ClientOnServer = ClientOnServer>
  extends ConnectionEventData<C> {
  /** Why: as the closing side said, `"socketclose"` if the connection just ended. */
  readonly reason: string | null;
}

/** Data of `peng3dnet:client.connect`. */
export interface ClientConnectData extends ClientEventData {
  /** Address of the server that answered. */
  readonly addr: Readonly<Address>;
  /** The socket; `undefined` for a link in memory. */
  readonly sock: Socket | undefined;
}

/** Data of `peng3dnet:client.stop`. */
export interface ClientStopData extends ClientEventData {
  /** What stopped it: always a call of the method. */
  readonly reason: "method";
}

/** Data of `peng3dnet:client.send`. */
export interface ClientSendData extends ClientEventData {
  /** The packet type as the sender gave it. */
  readonly pid: PacketRef;
  /** The message as it was before encoding. */
  readonly data: unknown;
}

/** Data of `peng3dnet:client.recv`. */
export interface ClientRecvData extends ClientEventData {
  /** Id of the packet type. */
  readonly pid: number;
  /** The decoded message, of any kind that msgpack knows. */
  readonly msg: unknown;
}

/** Data of `peng3dnet:client.close`. */
export interface ClientCloseData extends ClientEventData {
  /** Why: as the closing side said, `"socketclose"` if the connection just ended. */
  readonly reason: string | null;
}

/** The events of a server, by name. */
export interface ServerEventMap<C extends ClientOnServer = ClientOnServer> {
  readonly "peng3dnet:server.initialize": ServerEventData<C>;
  readonly "peng3dnet:server.bind": ServerBindData<C>;
  readonly "peng3dnet:server.start": ServerEventData<C>;
  readonly "peng3dnet:server.stop": ServerStopData<C>;
  readonly "peng3dnet:server.interrupt": ServerEventData<C>;
  readonly "peng3dnet:server.shutdown": ServerShutdownData<C>;
  readonly "peng3dnet:server.connection.accept": ConnectionAcceptData<C>;
  readonly "peng3dnet:server.connection.handshakecomplete": ConnectionEventData<C>;
  readonly "peng3dnet:server.connection.send": ConnectionSendData<C>;
  readonly "peng3dnet:server.connection.recv": ConnectionRecvData<C>;
  readonly "peng3dnet:server.connection.close": ConnectionCloseData<C>;
}

/** The events of a client, by name. */
export interface ClientEventMap {
  readonly "peng3dnet:client.initialize": ClientEventData;
  readonly "peng3dnet:client.connect": ClientConnectData;
  readonly "peng3dnet:client.start": ClientEventData;
  readonly "peng3dnet:client.stop": ClientStopData;
  readonly "peng3dnet:client.interrupt": ClientEventData;
  readonly "peng3dnet:client.handshakecomplete": ClientEventData;
  readonly "peng3dnet:client.recv": ClientRecvData;
  readonly "peng3dnet:client.send": ClientSendData;
  readonly "peng3dnet:client.close": ClientCloseData;
}

/** All events of peng3dnet, by name. Extend it, or merge into it, for events of your own. */
export interface PengEventMap extends ServerEventMap, ClientEventMap {}

/** Name of an event of peng3dnet. */
export type PengEventName = keyof PengEventMap;

/** Names of the events of a server. */
export const SERVER_EVENTS = [
  "peng3dnet:server.initialize",
  "peng3dnet:server.bind",
  "peng3dnet:server.start",
  "peng3dnet:server.stop",
  "peng3dnet:server.interrupt",
  "peng3dnet:server.shutdown",
  "peng3dnet:server.connection.accept",
  "peng3dnet:server.connection.handshakecomplete",
  "peng3dnet:server.connection.send",
  "peng3dnet:server.connection.recv",
  "peng3dnet:server.connection.close",
] as const satisfies readonly (keyof ServerEventMap)[];

/** Names of the events of a client. */
export const CLIENT_EVENTS = [
  "peng3dnet:client.initialize",
  "peng3dnet:client.connect",
  "peng3dnet:client.start",
  "peng3dnet:client.stop",
  "peng3dnet:client.interrupt",
  "peng3dnet:client.handshakecomplete",
  "peng3dnet:client.recv",
  "peng3dnet:client.send",
  "peng3dnet:client.close",
] as const satisfies readonly (keyof ClientEventMap)[];

/** Names of all events of peng3dnet. */
export const PENG_EVENTS = [...SERVER_EVENTS, ...CLIENT_EVENTS] as const;
