/** All of a connection, of which its handle shows a part: for tests that look into it, or do to it what a plugin cannot. */
export function sessionOf(conn) {
  if (conn === undefined) throw new Error("there is no connection");
  return conn;
}
//# sourceMappingURL=session.js.map
