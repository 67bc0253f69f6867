import { normalizeAddrFormatted, TimedOutError } from "@peng3dnet/core";
import { ProgramError, printable, runProgram, Terminal } from "@peng3dnet-examples/cli";
import { ChatClient } from "./chat-client.js";
import { formatMessage } from "./format.js";

/** How long a server gets to say goodbye, in seconds. */
const GOODBYE = 5;

const spec = {
  name: "chat:client",
  summary: "Joins the chat of a chat:server. What you type is said to all; /help lists the commands.",
  flags: {
    nick: { type: "string", value: "NAME", help: "your nickname; without it, you are asked for one" },
  },
} as const;

await runProgram(spec, async ({ peer, values }, interrupted) => {
  // What one says comes back from the server, so it need not stand there twice. Commands do not come back.
  using terminal = new Terminal({ replaces: (line) => !line.startsWith("/") });
  const client = new ChatClient({
    ...peer,
    onMessage: (message) =>
      terminal.print(formatMessage(message, (style, text) => terminal.style(style, text))),
  });
  interrupted.addEventListener("abort", () => void client.close("userrequest"));
  client.once("close", () => terminal.close());
  await client.start();

  terminal.notice(`Connected to ${normalizeAddrFormatted(client.addr)}.`);
  const nickname = values.nick ?? (terminal.interactive ? await terminal.ask("Nickname: ") : "");
  if (nickname !== undefined && client.active) {
    client.enter(nickname);
    await talk(client, terminal);
  }

  const { reason, clean, error } = await client.close("userrequest");
  if (!clean) throw error ?? new ProgramError(`the connection was lost (${reason})`);
  terminal.notice(`You have left the chat: ${printable(reason ?? "no reason given")}.`);
});

/** Says the lines as they come; returns when there are no more and all answers are here. */
async function talk(client: ChatClient, terminal: Terminal): Promise<void> {
  for await (const line of terminal.lines()) {
    if (!client.active) return;
    if (!client.say(line)) await client.flush();
  }
  await goodbye(client);
}

/** Leaves by the server's hand: it closes the connection once it has answered all that was said before. */
async function goodbye(client: ChatClient): Promise<void> {
  if (!client.active) return;
  client.say("/quit");
  try {
    await client.waitForClose({ timeout: GOODBYE });
  } catch (error) {
    // A server that does not know /quit. The connection is closed from here, then.
    if (!(error instanceof TimedOutError)) throw error;
  }
}
