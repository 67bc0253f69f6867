import type { ConnectionHandle } from "@peng3dnet/core";
import type { Session } from "../../../peer/src/session/session.js";

/** All of a connection, of which its handle shows a part: for tests that look into it, or do to it what a plugin cannot. */
export function sessionOf(conn: ConnectionHandle | undefined): Session {
  if (conn === undefined) throw new Error("there is no connection");
  return conn as unknown as Session;
}
