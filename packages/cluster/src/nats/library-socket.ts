import type { NatsConnection } from "@nats-io/transport-node";

/** What a connection of the client library has, and its types do not say. */
interface Insides {
  readonly protocol?: {
    readonly flushPending?: () => void;
    readonly transport?: { readonly socket?: { destroy?: () => void } };
  };
}

/**
 * Destroys the socket of a connection, if it has one: the client library notices that, and dials unless it is closed.
 *
 * The library has no interface for it. By itself it leaves two kinds of sockets open: one that is dead, on which something waits
 * to be written, and one to a broker that has taken a connection and says nothing. Tests look whether this still finds them.
 */
export function destroySocket(connection: NatsConnection): void {
  (connection as NatsConnection & Insides).protocol?.transport?.socket?.destroy?.();
}

/**
 * Has the client library write what it was handed in this turn. By itself it does so once nothing else is to be done in the turn, and
 * what a server sends to hundreds of its own clients would go first.
 */
export function writeOut(connection: NatsConnection): void {
  (connection as NatsConnection & Insides).protocol?.flushPending?.();
}
