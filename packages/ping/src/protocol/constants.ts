/** Packet id of a ping, from client to server. It is not registered; on a ping connection ids stand for themselves. */
export const PING_ID = 64;
/** Packet id of a pong, the server's answer. */
export const PONG_ID = 65;

/** Longest body of a ping that is sent or answered, in bytes: 1 KiB. */
export const MAX_PING_LENGTH = 1024;
/** Longest body of a pong that is sent or accepted, in bytes: 16 KiB. */
export const MAX_PONG_LENGTH = 16 * 1024;
/** Pings that a server answers on one connection. */
export const MAX_PINGS = 4;

/**
 * Whether a server sends the ping back in its pong, as `oldmsg`: a Python pinger reads its own time from there. This is the
 * default of {@link PingSource.pingWriteback}, which switches it off for one server.
 *
 * @reference `WRITEBACK`
 */
export const WRITEBACK = true;

/** The close reason that the pinging side gives once it has its answer. */
export const REASON_COMPLETE = "pingcomplete";
