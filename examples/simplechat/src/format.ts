import { printable, type Style } from "@peng3dnet-examples/cli";
import type { ChatMessage } from "./packets.js";

/** Applies a style, if that shows. */
export type Paint = (style: Style, text: string) => string;

const NAME_COLOURS = ["cyan", "green", "yellow", "blue", "magenta", "red"] as const;

/** A message as a line for the terminal, e.g. `12:34:56 <alice> Hello!` */
export function formatMessage(message: ChatMessage, paint: Paint): string {
  return `${paint("dim", clock(message.timestamp))} ${body(message, paint)}`;
}

function body({ message, origin, internal, private: personal }: ChatMessage, paint: Paint): string {
  // Whoever wrote these, they are not to command the terminal.
  const text = printable(message);
  const name = printable(origin);
  if (internal) return paint(personal ? "yellow" : "dim", `* ${text}`);
  if (personal) return paint("magenta", `${name} whispers: ${text}`);
  return `${paint(["bold", colourOf(name)], `<${name}>`)} ${text}`;
}

function clock(timestamp: number): string {
  const time = new Date(timestamp * 1000);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Always the same colour for the same name. */
function colourOf(name: string): (typeof NAME_COLOURS)[number] {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return NAME_COLOURS[hash % NAME_COLOURS.length] ?? "cyan";
}
