// What the operating system says of a connection that did not come about, and what a client is told.

import { ConnectionRefusedError } from "@peng3dnet/core";
import { connectError } from "../../src/tcp/dial.js";

function failure(code: string, address: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code, address, port: 8080 });
}

test.each([
  ["ECONNREFUSED", "P3D_ERR_CONNECTION_REFUSED", "nothing listens on example.org:8080; check the port"],
  ["ENOTFOUND", "P3D_ERR_UNRESOLVABLE_HOST", 'the host "example.org" cannot be resolved; check its name'],
  ["EAI_AGAIN", "P3D_ERR_UNRESOLVABLE_HOST", "cannot be resolved"],
  ["EAI_NODATA", "P3D_ERR_UNRESOLVABLE_HOST", "cannot be resolved"],
  ["EAI_NONAME", "P3D_ERR_UNRESOLVABLE_HOST", "cannot be resolved"],
  ["EHOSTUNREACH", "P3D_ERR_UNREACHABLE_HOST", "example.org:8080 cannot be reached; check the address"],
  ["ENETUNREACH", "P3D_ERR_UNREACHABLE_HOST", "cannot be reached"],
  ["EADDRNOTAVAIL", "P3D_ERR_UNREACHABLE_HOST", "cannot be reached"],
  ["ETIMEDOUT", "P3D_ERR_UNREACHABLE_HOST", "cannot be reached"],
  ["EAFNOSUPPORT", "P3D_ERR_UNREACHABLE_HOST", "cannot be reached"],
  ["ERR_ACCESS_DENIED", "P3D_ERR_CONNECT", "cannot connect to example.org:8080: Node runs with --permission"],
  ["ECONNRESET", "P3D_ERR_CONNECT", "cannot connect to example.org:8080: connect ECONNRESET"],
])("%s is told as %s", (code, told, message) => {
  const cause = failure(code, "192.0.2.1");
  const error = connectError(cause, ["example.org", 8080]);
  expect([error.code, error.cause]).toEqual([told, cause]);
  expect(error.message).toContain(message);
});

test("of several addresses of a name, the error is that of the one that was reached, and names all", () => {
  const all = [failure("ENETUNREACH", "2001:db8::1"), failure("ECONNREFUSED", "127.0.0.1")];
  const error = connectError(new AggregateError(all), ["example.org", 8080]);
  expect(error).toBeInstanceOf(ConnectionRefusedError);
  expect(error.message).toContain(
    "example.org:8080 (tried [2001:db8::1]:8080: ENETUNREACH, 127.0.0.1:8080: ECONNREFUSED)",
  );
  const other = connectError(
    new AggregateError([failure("ETIMEDOUT", "192.0.2.1"), failure("ECONNRESET", "192.0.2.2")]),
    ["example.org", 8080],
  );
  expect(other.code).toBe("P3D_ERR_CONNECT");
});

test("one address is named once", () => {
  expect(connectError(failure("ECONNREFUSED", "127.0.0.1"), ["localhost", 8080]).message).toBe(
    "nothing listens on localhost:8080; check the port, and that the server is running",
  );
});

test("port 0 is that of a server whose start was not awaited", () => {
  expect(connectError(failure("ECONNREFUSED", "127.0.0.1"), ["127.0.0.1", 0]).message).toBe(
    "nothing listens on 127.0.0.1:0; no server has port 0; await its start() before you read its addr",
  );
});
