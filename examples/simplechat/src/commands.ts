import type { ChatServer } from "./chat-server.js";
import type { ChatUser } from "./chat-user.js";

interface Command {
  /** What follows its name, for the help. */
  readonly usage: string;
  readonly help: string;
  /** Whether it is of any use on this server. Default: on any. */
  readonly available?: (server: ChatServer) => boolean;
  /** @param rest - what follows its name. @returns false if that makes no sense. */
  readonly run: (server: ChatServer, user: ChatUser, rest: string) => boolean;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  help: {
    usage: "",
    help: "lists the commands",
    run(server, user) {
      for (const [name, command] of Object.entries(COMMANDS)) {
        if (command.available?.(server) !== false) user.tell(`${usage(name, command)}: ${command.help}`);
      }
      return true;
    },
  },
  nick: {
    usage: "<name>",
    help: "changes your nickname",
    run(server, user, name) {
      if (name !== "") server.rename(user, name);
      return name !== "";
    },
  },
  whisper: {
    usage: "<name> <text>",
    help: "tells one user something that nobody else gets to read",
    run(server, user, rest) {
      const to = server.addressee(rest);
      if (rest === "" || to?.rest === "") return false;
      if (to === undefined) user.tell(`Nobody here is called ${rest.split(" ", 1)[0]}.`);
      else server.whisper(user, to.user, to.rest);
      return true;
    },
  },
  anon: {
    usage: "[text]",
    help: "hides your nickname in what you say, or shows it again; with a text, hides it for that only",
    run(server, user, text) {
      const before = user.anonymous;
      user.anonymous = text !== "" || !before;
      if (text === "") {
        user.tell(
          user.anonymous
            ? "You are anonymous from now on. /anon again ends it."
            : `You are ${user.nickname} again.`,
        );
      } else {
        server.say(user, text);
        user.anonymous = before;
      }
      return true;
    },
  },
  quit: {
    usage: "",
    help: "leaves the chat",
    run(_server, user) {
      void user.close("userrequest");
      return true;
    },
  },
  stop: {
    usage: "",
    help: "stops the server",
    available: (server) => server.allowStop,
    run(server, user) {
      if (server.allowStop) server.stopFor(user);
      else user.tell("This server does not allow /stop.");
      return true;
    },
  },
};

/** Does what a line says that begins with a slash; tells the user if it says nothing that makes sense. */
export function runCommand(server: ChatServer, user: ChatUser, line: string): void {
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) user.tell(`There is no command /${name}; /help lists those that there are.`);
  else if (!command.run(server, user, rest)) user.tell(`Usage: ${usage(name, command)}`);
}

function usage(name: string, command: Command): string {
  return `/${name} ${command.usage}`.trimEnd();
}
