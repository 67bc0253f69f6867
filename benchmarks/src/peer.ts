/** What every library under test is wrapped in, so that one harness drives them all. */

/** A key and certificate in PEM, for the peers that speak TLS. */
export interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/** What a benchmark message is: a plain map with a running number. */
export interface Message {
  i: number;
  [key: string]: unknown;
}

/**
 * What the server does with a message.
 *
 * - `echo`: sends it back to where it came from.
 * - `broadcast`: sends it to every connected client.
 */
export type ServerMode = "echo" | "broadcast";

/** What both sides of a peer are told. */
export interface PeerOptions {
  /** Compress what the library would compress when asked to. */
  readonly compress: boolean;
  /** Number of packet types to register, for the libraries that have a registry. */
  readonly registered: number;
  /** Present for TLS peers. */
  readonly credentials?: Credentials;
}

export interface ServeOptions extends PeerOptions {
  readonly mode: ServerMode;
}

export interface ConnectOptions extends PeerOptions {
  readonly port: number;
  /** Called with each decoded message, in order. */
  readonly onMessage: (message: Message) => void;
  /** Called once if the connection fails or ends without having been closed by {@link PeerClient.close}. */
  readonly onFailure: (error: Error) => void;
}

export interface PeerServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface PeerClient {
  send(message: Message): void;
  close(): void;
}

/** A library under test. */
export interface Peer {
  readonly label: string;
  /** Whether {@link PeerOptions.credentials} are needed. */
  readonly tls?: boolean;
  /** Listens on the loopback address, on a port given by the system. */
  serve(options: ServeOptions): Promise<PeerServer>;
  /** Resolves once messages can be exchanged. */
  connect(options: ConnectOptions): Promise<PeerClient>;
}
