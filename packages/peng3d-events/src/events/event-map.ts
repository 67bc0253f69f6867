import type {
  Address,
  Client,
  ClientOnServer,
  EngineLike,
  NativeSocket,
  PacketRef,
  Server,
} from "@peng3dnet/peer";

// The names and keys are the reference's, letter for letter; docs/reference/events.md says when each event is sent.

/** Data of every event of a server. */
export interface ServerEventData<S = Server> {
  /** The engine or bus, as given to the constructor. */
  readonly peng: EngineLike | undefined;
  /** The server that sent the event. */
  readonly server: S;
}

/** Data of every event of a client. */
export interface ClientEventData<S = Client> {
  /** The engine or bus, as given to the constructor. */
  readonly peng: EngineLike | undefined;
  /** The client that sent the event. */
  readonly client: S;
}

/** Data of the events of one connection of a server. */
export interface ConnectionEventData<C = ClientOnServer, S = Server> extends ServerEventData<S> {
  /** The client at the other end. */
  readonly client: C;
}

/** Data of `peng3dnet:server.bind`. */
export interface ServerBindData<S = Server> extends ServerEventData<S> {
  /** Address that the server listens on, with the real port. */
  readonly addr: Readonly<Address>;
}

/** Data of `peng3dnet:server.stop`. */
export interface ServerStopData<S = Server> extends ServerEventData<S> {
  /** What stopped it, which is always a call of the method. */
  readonly reason: "method";
}

/** Data of `peng3dnet:server.shutdown`: the arguments of the call, defaults filled in. */
export interface ServerShutdownData<S = Server> extends ServerEventData<S> {
  /** Whether it waited for all connections to close. */
  readonly join: boolean;
  /** How many seconds it waited at most; 0 for as long as it takes. */
  readonly timeout: number;
  /** What the clients were told. */
  readonly reason: string | null;
}

/** Data of `peng3dnet:server.connection.accept`. */
export interface ConnectionAcceptData<C = ClientOnServer, S = Server> extends ConnectionEventData<C, S> {
  /** The socket, of a type that the transports in use declare; `undefined` for a link in memory. */
  readonly sock: NativeSocket | undefined;
  /** Address of the other end. */
  readonly addr: Readonly<Address>;
  /** Id of the client. */
  readonly cid: number;
}

/** Data of `peng3dnet:server.connection.send`. */
export interface ConnectionSendData<C = ClientOnServer, S = Server> extends ConnectionEventData<C, S> {
  /** The packet type as the sender gave it. */
  readonly pid: PacketRef;
  /** The encoded packet with length prefix and header; a copy of your own. */
  readonly data: Uint8Array;
}

/** Data of `peng3dnet:server.connection.recv`. */
export interface ConnectionRecvData<C = ClientOnServer, S = Server> extends ConnectionEventData<C, S> {
  /** Id of the packet type. */
  readonly pid: number;
  /** The decoded message, of any kind that msgpack knows. */
  readonly msg: unknown;
}

/** Data of `peng3dnet:server.connection.close`. */
export interface ConnectionCloseData<C = ClientOnServer, S = Server> extends ConnectionEventData<C, S> {
  /** The reason that the closing side gave; `"socketclose"` if the connection ended without one. */
  readonly reason: string | null;
}

/** Data of `peng3dnet:client.connect`. */
export interface ClientConnectData<S = Client> extends ClientEventData<S> {
  /** Address of the server that answered. */
  readonly addr: Readonly<Address>;
  /** The socket, of a type that the transports in use declare; `undefined` for a link in memory. */
  readonly sock: NativeSocket | undefined;
}

/** Data of `peng3dnet:client.stop`. */
export interface ClientStopData<S = Client> extends ClientEventData<S> {
  /** What stopped it, which is always a call of the method. */
  readonly reason: "method";
}

/** Data of `peng3dnet:client.send`. */
export interface ClientSendData<S = Client> extends ClientEventData<S> {
  /** The packet type as the sender gave it. */
  readonly pid: PacketRef;
  /** The message as it was before encoding. */
  readonly data: unknown;
}

/** Data of `peng3dnet:client.recv`. */
export interface ClientRecvData<S = Client> extends ClientEventData<S> {
  /** Id of the packet type. */
  readonly pid: number;
  /** The decoded message, of any kind that msgpack knows. */
  readonly msg: unknown;
}

/** Data of `peng3dnet:client.close`. */
export interface ClientCloseData<S = Client> extends ClientEventData<S> {
  /** The reason that the closing side gave; `"socketclose"` if the connection ended without one. */
  readonly reason: string | null;
}

/**
 * The events of a server, by name.
 *
 * @typeParam C - class of the objects that stand for clients.
 * @typeParam S - class of the server.
 */
export interface ServerEventMap<C = ClientOnServer, S = Server> {
  readonly "peng3dnet:server.initialize": ServerEventData<S>;
  readonly "peng3dnet:server.bind": ServerBindData<S>;
  readonly "peng3dnet:server.start": ServerEventData<S>;
  readonly "peng3dnet:server.stop": ServerStopData<S>;
  readonly "peng3dnet:server.interrupt": ServerEventData<S>;
  readonly "peng3dnet:server.shutdown": ServerShutdownData<S>;
  readonly "peng3dnet:server.connection.accept": ConnectionAcceptData<C, S>;
  readonly "peng3dnet:server.connection.handshakecomplete": ConnectionEventData<C, S>;
  readonly "peng3dnet:server.connection.send": ConnectionSendData<C, S>;
  readonly "peng3dnet:server.connection.recv": ConnectionRecvData<C, S>;
  readonly "peng3dnet:server.connection.close": ConnectionCloseData<C, S>;
}

/**
 * The events of a client, by name.
 *
 * @typeParam S - class of the client.
 */
export interface ClientEventMap<S = Client> {
  readonly "peng3dnet:client.initialize": ClientEventData<S>;
  readonly "peng3dnet:client.connect": ClientConnectData<S>;
  readonly "peng3dnet:client.start": ClientEventData<S>;
  readonly "peng3dnet:client.stop": ClientStopData<S>;
  readonly "peng3dnet:client.interrupt": ClientEventData<S>;
  readonly "peng3dnet:client.handshakecomplete": ClientEventData<S>;
  readonly "peng3dnet:client.recv": ClientRecvData<S>;
  readonly "peng3dnet:client.send": ClientSendData<S>;
  readonly "peng3dnet:client.close": ClientCloseData<S>;
}

/** All events of peng3dnet, by name. Extend it, or merge into it, for events of your own. */
export interface PengEventMap extends ServerEventMap, ClientEventMap {}

/** Name of any event of peng3dnet. */
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
