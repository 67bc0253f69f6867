import { decode, encode } from "@msgpack/msgpack";
import { createPayload, type PayloadName } from "../src/payloads.js";
import type { Message } from "../src/peer.js";

function copy(message: Message): Message {
  return decode(encode(message)) as Message;
}

test.each<[PayloadName, number, number]>([
  ["small", 12, 20],
  ["state", 1000, 1048],
  ["large", 262_144, 262_200],
  ["world", 15_000, 17_000],
  ["notice", 195, 205],
])("%s is as large as it says", (name, least, most) => {
  const { length } = encode(createPayload(name).create(70_000));
  expect(length).toBeGreaterThanOrEqual(least);
  expect(length).toBeLessThanOrEqual(most);
});

test.each<PayloadName>(["small", "state", "large", "notice"])(
  "%s: another message is not taken for it",
  (name) => {
    const payload = createPayload(name);
    expect(() => payload.check(copy(payload.create(64)), 64)).not.toThrow();
    expect(() => payload.check(copy(payload.create(64)), 65)).toThrow("wrong answer to message 65");
  },
);
