import { formatMessage, type Paint } from "../src/format.js";
import type { ChatMessage } from "../src/packets.js";

const plain: Paint = (_style, text) => text;
const marked: Paint = (style, text) => `{${[style].flat().join(",")}:${text}}`;
const timestamp = new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000;

function message(fields: Partial<ChatMessage>): ChatMessage {
  return { message: "Hello!", origin: "Ada", internal: false, private: false, timestamp, ...fields };
}

test.each([
  ["said", {}, "03:04:05 <Ada> Hello!"],
  ["whispered", { private: true }, "03:04:05 Ada whispers: Hello!"],
  ["the server's", { internal: true, origin: "Server" }, "03:04:05 * Hello!"],
])("what is %s", (_what, fields, expected) => {
  expect(formatMessage(message(fields), plain)).toBe(expected);
});

test("nobody's text or name commands the terminal", () => {
  const hostile = message({ message: "\u001b[2J\nfake: line\u0007", origin: "\u001b]0;Ada\u009b" });
  expect(formatMessage(hostile, plain)).toBe("03:04:05 <]0;Ada> [2J fake: line");
});

test("a name always has the same colour", () => {
  const line = formatMessage(message({}), marked);
  expect(line).toMatch(/^\{dim:03:04:05\} \{bold,\w+:<Ada>\} Hello!$/);
  expect(formatMessage(message({}), marked)).toBe(line);
});

test("what only one sees is marked", () => {
  expect(formatMessage(message({ private: true }), marked)).toContain("{magenta:");
  expect(formatMessage(message({ internal: true, private: true }), marked)).toContain("{yellow:");
});
