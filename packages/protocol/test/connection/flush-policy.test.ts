import { worthMessage } from "../../src/connection/flush-policy.js";

test.each([
  [100, 49, false],
  [100, 50, true],
  [100, 800, true],
  [100, 801, false],
  [100, 0, false],
])("%d bytes with %d more to read are worth a message: %s", (bytes, unread, worth) => {
  expect(worthMessage(bytes, unread)).toBe(worth);
});
