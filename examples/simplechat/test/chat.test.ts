import { Client, FIRST_USER_ID, MODE_CHAT, MODE_NOTSET } from "@peng3dnet/core";
import { pingServer } from "@peng3dnet/ping";
import { Inbox } from "../../cli/test/support/inbox.js";
import { ChatServer, type ChatServerOptions } from "../src/chat-server.js";
import { type ChatMessage, JOIN, MESSAGE } from "../src/packets.js";

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function startServer(options: ChatServerOptions = {}): Promise<ChatServer> {
  const server = new ChatServer({ addr: "127.0.0.1:0", ...options });
  cleanUp.push(() => server.shutdown());
  const failed = jest.fn();
  server.on("handlerError", failed);
  cleanUp.push(async () => expect(failed).not.toHaveBeenCalled());
  await server.start();
  return server;
}

/** A client that knows nothing of this example but its packets. */
class Bare {
  readonly client: Client;
  readonly #inbox: Inbox;

  constructor(server: ChatServer) {
    this.client = new Client({ addr: server.addr });
    this.#inbox = new Inbox(this.client);
    this.client.registerPacket(MESSAGE, this.#inbox);
    this.client.registerPacket(JOIN, new Inbox(this.client));
  }

  join(nickname: unknown): void {
    this.client.sendMessage(JOIN, { nickname });
  }

  say(message: unknown): void {
    this.client.sendMessage(MESSAGE, { message, timestamp: 0 });
  }

  next(): Promise<ChatMessage> {
    return this.#inbox.next() as Promise<ChatMessage>;
  }

  /** The next message, as briefly as can be. */
  async read(): Promise<string> {
    const { message, origin, internal, private: personal } = await this.next();
    if (internal) return personal ? `(${message})` : `* ${message}`;
    return personal ? `(${origin}: ${message})` : `${origin}: ${message}`;
  }
}

async function connect(server: ChatServer): Promise<Bare> {
  const bare = new Bare(server);
  cleanUp.push(() => bare.client.close());
  await bare.client.start();
  return bare;
}

/** Joins, and reads what everybody gets to read then: the newcomer, and those who were there. */
async function join(server: ChatServer, nickname: string, ...there: Bare[]): Promise<Bare> {
  const bare = await connect(server);
  bare.join(nickname);
  expect(await bare.read()).toMatch(/^\(Welcome, /);
  for (const other of there) expect(await other.read()).toMatch(/ has joined\.$/);
  return bare;
}

test("the packets have the ids that the order of registration gives them", async () => {
  const { client } = await connect(await startServer());
  expect(client.registry.getID(MESSAGE)).toBe(FIRST_USER_ID);
  expect(client.registry.getID(JOIN)).toBe(FIRST_USER_ID + 1);
  expect([MESSAGE, JOIN]).toEqual(["chat:message", "chat:join"]);
});

describe("messages", () => {
  test("reach everybody, the speaker included, with the server's time", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    ada.say("Hello, Grüße 👋!");
    const before = Date.now() / 1000;
    for (const reader of [ada, bob]) {
      const message = await reader.next();
      expect(message).toEqual({
        message: "Hello, Grüße 👋!",
        origin: "Ada",
        internal: false,
        private: false,
        timestamp: expect.any(Number),
      });
      expect(Math.abs(message.timestamp - before)).toBeLessThan(60);
    }
  });

  test("say nothing of where somebody is", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    bob.say("hi");
    await bob.client.close();
    for (const _ of ["hi", "has left"]) {
      expect(Object.keys(await ada.next()).sort()).toEqual([
        "internal",
        "message",
        "origin",
        "private",
        "timestamp",
      ]);
    }
    expect(server.sampleOfNames()).toEqual(["Ada"]);
  });

  test("lose what would command a terminal", async () => {
    const ada = await join(await startServer(), "Ada");
    ada.say("\u001b[2Jone\ntwo\u0007");
    await expect(ada.read()).resolves.toBe("Ada: [2Jone two");
  });

  test("are refused if they are too long, and ignored if they are empty", async () => {
    const ada = await join(await startServer(), "Ada");
    ada.say("x".repeat(2001));
    ada.say(" \u0007 ");
    ada.say("x".repeat(2000));
    await expect(ada.read()).resolves.toBe("(That was too long: 2000 characters are the limit.)");
    await expect(ada.read()).resolves.toBe(`Ada: ${"x".repeat(2000)}`);
  });

  test.each([[null], ["text"], [[]], [7], [{}], [{ message: 5 }], [{ message: null, timestamp: "x" }]])(
    "are ignored if they are %j",
    async (payload) => {
      const ada = await join(await startServer(), "Ada");
      ada.client.sendMessage(MESSAGE, payload);
      ada.say("next");
      await expect(ada.read()).resolves.toBe("Ada: next");
    },
  );

  test("are not heard, in either direction, before somebody has joined", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const eve = await connect(server);
    eve.say("I am not here");
    ada.say("secret");
    await expect(ada.read()).resolves.toBe("Ada: secret");
    eve.join("Eve");
    await expect(eve.read()).resolves.toMatch(/^\(Welcome, Eve!/);
    await expect(ada.read()).resolves.toBe("* Eve has joined.");
  });
});

describe("joining", () => {
  test("takes the connection from MODE_NOTSET to MODE_CHAT", async () => {
    const server = await startServer();
    const ada = await connect(server);
    const modes = () => [...server.clients.values()].map(({ mode }) => mode);
    expect(modes()).toEqual([MODE_NOTSET]);
    ada.join("Ada");
    await ada.read();
    expect(modes()).toEqual([MODE_CHAT]);
  });

  test("is told to the others, and so is leaving", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await connect(server);
    bob.join("Bob");
    await expect(bob.read()).resolves.toBe("(Welcome, Bob! 2 are here: Ada, Bob. /help lists the commands.)");
    await expect(ada.read()).resolves.toBe("* Bob has joined.");
    await bob.client.close("he says \u001b[2J");
    await expect(ada.read()).resolves.toBe("* Bob has left.");
  });

  test("works once", async () => {
    const ada = await join(await startServer(), "Ada");
    ada.join("Eve");
    ada.say("I am");
    await expect(ada.read()).resolves.toBe("Ada: I am");
  });

  test("with a nickname that is taken gives another one, and says so", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const second = await connect(server);
    second.join("ada");
    await expect(second.read()).resolves.toBe(
      "(The nickname ada is taken; you are ada2. /nick gives you another one.)",
    );
    await expect(second.read()).resolves.toMatch(/^\(Welcome, ada2!/);
    await expect(ada.read()).resolves.toBe("* ada2 has joined.");
  });

  test.each([
    ["  Ada\n", "Ada"],
    ["\u001b[31mÄda", "?[31m?da"],
    ["n".repeat(100), "n".repeat(32)],
    ["", "guest"],
  ])("with the nickname %j makes one %j", async (wanted, nickname) => {
    const server = await startServer();
    await join(server, wanted);
    expect(server.sampleOfNames()).toEqual([nickname]);
  });

  test.each([[null], ["Ada"], [{}], [{ nickname: 7 }], [["Ada"]]])("is ignored with %j", async (payload) => {
    const server = await startServer();
    const bare = await connect(server);
    bare.client.sendMessage(JOIN, payload);
    bare.join("Ada");
    await expect(bare.read()).resolves.toMatch(/^\(Welcome, Ada!/);
  });

  test("is refused when there is no room", async () => {
    const server = await startServer({ maxUsers: 1 });
    await join(server, "Ada");
    const bob = await connect(server);
    bob.join("Bob");
    await expect(bob.client.waitForClose()).resolves.toMatchObject({ reason: "serverfull", clean: true });
    expect(server.users.map(({ nickname }) => nickname)).toEqual(["Ada"]);
  });
});

describe("commands", () => {
  test("/help lists the others, /stop only where it is allowed", async () => {
    const ada = await join(await startServer(), "Ada");
    ada.say("/help");
    const lines = [];
    for (const _ of ["help", "nick", "whisper", "anon", "quit"]) lines.push(await ada.read());
    ada.say("/nope");
    await expect(ada.read()).resolves.toBe("(There is no command /nope; /help lists those that there are.)");
    expect(lines.join()).toMatch(
      /^\(\/help: .*\/nick <name>: .*\/whisper <name> <text>: .*\/anon .*\/quit: /,
    );
    const eve = await join(await startServer({ allowStop: true }), "Eve");
    eve.say("/help");
    let line = "";
    while (!line.startsWith("(/stop: ")) line = await eve.read();
  });

  test.each(["/", "/constructor", "/__proto__ x", "/HELP"])("%s is none", async (line) => {
    const ada = await join(await startServer(), "Ada");
    ada.say(line);
    await expect(ada.read()).resolves.toMatch(/^\(There is no command \//);
  });

  test("/nick changes the nickname for all to see", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    ada.say("/nick  Countess \u001b Ä ");
    for (const reader of [ada, bob]) await expect(reader.read()).resolves.toBe("* Ada is now Countess ? ?.");
    ada.say("hi");
    await expect(bob.read()).resolves.toBe("Countess ? ?: hi");
  });

  test.each([
    ["/nick bob", "(The nickname bob is taken; you are still Ada.)"],
    ["/nick SERVER", "(The nickname SERVER is taken; you are still Ada.)"],
    ["/nick Ada", "(You are Ada already.)"],
    ["/nick", "(Usage: /nick <name>)"],
    ["/nick ADA", "* Ada is now ADA."],
  ])("%s is answered by %s", async (line, answer) => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    await join(server, "Bob", ada);
    ada.say(line);
    await expect(ada.read()).resolves.toBe(answer);
  });

  test("/whisper reaches one user only", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    const eve = await join(server, "Eve", ada, bob);
    ada.say("/whisper BOB  just  you");
    ada.say("all");
    await expect(bob.next()).resolves.toMatchObject({
      message: "just  you",
      origin: "Ada",
      internal: false,
      private: true,
    });
    await expect(ada.read()).resolves.toBe("(To Bob: just  you)");
    await expect(eve.read()).resolves.toBe("Ada: all");
  });

  test("/whisper finds nicknames with spaces, the longest one first", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const ann = await join(server, "Ann", ada);
    const annLee = await join(server, "Ann Lee", ada, ann);
    ada.say("/whisper Ann Lee hi");
    ada.say("/whisper Ann hi");
    await expect(annLee.read()).resolves.toBe("(Ada: hi)");
    await expect(ann.read()).resolves.toBe("(Ada: hi)");
  });

  test.each([
    ["/whisper", "(Usage: /whisper <name> <text>)"],
    ["/whisper Ada", "(Usage: /whisper <name> <text>)"],
    ["/whisper Nobody hi", "(Nobody here is called Nobody.)"],
    ["/whisper A hi", "(Nobody here is called A.)"],
  ])("%s is answered by %s", async (line, answer) => {
    const ada = await join(await startServer(), "Ada");
    ada.say(line);
    await expect(ada.read()).resolves.toBe(answer);
  });

  test("/anon hides the nickname, until it is said again", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    for (const line of ["/anon", "who am I?", "/whisper Bob psst", "/anon", "me"]) ada.say(line);
    await expect(bob.read()).resolves.toBe("Anonymous: who am I?");
    await expect(bob.read()).resolves.toBe("(Anonymous: psst)");
    await expect(bob.read()).resolves.toBe("Ada: me");
    await expect(ada.read()).resolves.toBe("(You are anonymous from now on. /anon again ends it.)");
  });

  test("/anon with a text hides it for that text", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    ada.say("/anon who is it?");
    ada.say("me");
    await expect(ada.read()).resolves.toBe("Anonymous: who is it?");
    await expect(ada.read()).resolves.toBe("Ada: me");
  });

  test("who is anonymous is not named to newcomers", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    ada.say("/anon");
    await ada.read();
    const bob = await connect(server);
    bob.join("Bob");
    await expect(bob.read()).resolves.toBe(
      "(Welcome, Bob! 2 are here: Bob and 1 more. /help lists the commands.)",
    );
  });

  test("/quit closes the connection, after all that was said before is answered", async () => {
    const server = await startServer();
    const ada = await join(server, "Ada");
    ada.say("bye");
    ada.say("/quit");
    await expect(ada.read()).resolves.toBe("Ada: bye");
    await expect(ada.client.waitForClose()).resolves.toMatchObject({ reason: "userrequest", clean: true });
  });

  test("/stop stops the server where that is allowed", async () => {
    const server = await startServer({ allowStop: true });
    const ada = await join(server, "Ada");
    const bob = await join(server, "Bob", ada);
    ada.say("/stop");
    await expect(ada.client.waitForClose()).resolves.toMatchObject({ reason: "command", clean: true });
    await expect(bob.client.waitForClose()).resolves.toMatchObject({ reason: "servershutdown", clean: true });
    await server.join();
  });

  test("/stop is refused elsewhere", async () => {
    const ada = await join(await startServer(), "Ada");
    ada.say("/stop");
    ada.say("still here");
    await expect(ada.read()).resolves.toBe("(This server does not allow /stop.)");
    await expect(ada.read()).resolves.toBe("Ada: still here");
  });
});

test("a ping is answered with those who are there, and nobody notices", async () => {
  const server = await startServer({ maxUsers: 5 });
  const ping = async (): Promise<object> => {
    const { usercount, maxusers, sample } = await pingServer({ addr: server.addr });
    return { usercount, maxusers, sample };
  };
  expect(await ping()).toEqual({ usercount: 0, maxusers: 5, sample: [] });
  const ann = await join(server, "ann");
  const bob = await join(server, "bob", ann);
  // Connected, but not in the chat.
  await connect(server);
  bob.say("/anon");
  expect(await bob.read()).toMatch(/^\(/);
  expect(await ping()).toEqual({ usercount: 2, maxusers: 5, sample: ["ann"] });
  ann.say("hello");
  expect(await ann.read()).toBe("ann: hello");
});
