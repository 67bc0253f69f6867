// What errors say, word by word where a word decides.

import {
  EncodeError,
  HeartbeatTimeoutError,
  InvalidPayloadError,
  PacketTooLargeError,
  RequestError,
} from "@peng3dnet/protocol";

test("a packet that is too long, announced or to be sent", () => {
  expect(new PacketTooLargeError("in", 2000, 1000).message).toBe(
    "the peer announced a packet of 2000 bytes, more than the 1000 allowed; raise net.limits.packetlength if such packets are expected",
  );
  expect(new PacketTooLargeError("out", 2000, 1000).message).toBe(
    "the packet would be 2000 bytes long, more than the 1000 allowed; split it, or raise net.limits.packetlength on both sides",
  );
  expect(new PacketTooLargeError("out", 2000, 1000, "net.limits.inflated").message).toBe(
    "the packet would be 2000 bytes long before compression, more than the 1000 allowed; split it, or raise net.limits.inflated on both sides",
  );
});

test("a payload that does not fit", () => {
  const issue = { path: "x.0", message: "no number" };
  const error = new InvalidPayloadError("demo:say", [issue, { path: "", message: "too much" }]);
  expect(error.message).toBe('the payload of "demo:say" does not fit its schema: x.0: no number; too much');
  expect(error).toMatchObject({ closeReason: "invalidpayload", direction: "in", packet: "demo:say" });
  expect(new InvalidPayloadError("a", [issue], 0).message).not.toContain("more");
  expect(new InvalidPayloadError("a", [issue], 2).message).toMatch(/: x\.0: no number; and 2 more$/);
  const many = new InvalidPayloadError("a", Array(21).fill(issue), 2);
  expect(many.issues).toHaveLength(20);
  expect(many.message).toMatch(/; and 3 more$/);
});

test.each([
  [{}, "no"],
  [{ path: "" }, "no"],
  [{ path: "x[1]" }, "no (x[1])"],
  [{ packet: "demo:say" }, 'no ("demo:say")'],
  [{ path: "", packet: "demo:say" }, 'no ("demo:say")'],
  [{ path: "x[1]", packet: "demo:say" }, 'no (x[1] of "demo:say")'],
])("a value that cannot be sent, %j", (options, message) => {
  const error = new EncodeError("no", { ...options, cause: 7 });
  expect(error).toMatchObject({ message, problem: "no", cause: 7, ...options });
  const named = error.of("other");
  expect(named).toMatchObject({ packet: "other", path: error.path, problem: "no", cause: 7 });
  expect("cause" in new EncodeError("no").of("other")).toBe(false);
});

test("a heartbeat that did not come", () => {
  expect(new HeartbeatTimeoutError("m").closeReason).toBe("heartbeattimeout");
});

test("an error of a request", () => {
  expect(new RequestError("full")["~peng3dnet"]).toBe("requesterror");
  expect(() => new RequestError("")).toThrow(
    new TypeError("the code of a RequestError is a string of 1 to 64 characters"),
  );
});
