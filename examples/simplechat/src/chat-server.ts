import type { ClusterNode } from "@peng3dnet/cluster";
import { type Cid, MODE_CHAT, type PeerOptions, Server } from "@peng3dnet/core";
import { PingableServerMixin, type PingData } from "@peng3dnet/ping";
import { printable } from "@peng3dnet-examples/cli";
import { ChatUser, serverMessage, userMessage } from "./chat-user.js";
import { runCommand } from "./commands.js";
import { cleanNickname, freeNickname, isTaken, nicknameKey } from "./nickname.js";
import { type ChatMessage, type Join, type Line, MESSAGE, registerServerPackets } from "./packets.js";

/** Longest message, in UTF-16 code units. */
const MAX_MESSAGE = 2000;
/** How many names a newcomer is told. */
const SAMPLE = 10;
/** The group of all who are in the chat. */
const ROOM = "chat";

/** Those in the chat: of this server, or of all servers of a cluster. */
interface Room {
  add(user: ChatUser): boolean;
  broadcast(packet: string, message: ChatMessage, options?: { readonly except: readonly number[] }): number;
}

/** Options of a {@link ChatServer}. */
export interface ChatServerOptions extends PeerOptions {
  /** Let any user stop the server by `/stop`. Default false. */
  readonly allowStop?: boolean | undefined;
  /** How many users may be in the chat at once. Default 1000. */
  readonly maxUsers?: number | undefined;
}

/** A chat room. Whoever pings it learns how many are there. */
export class ChatServer extends PingableServerMixin(Server)<ChatUser> {
  readonly allowStop: boolean;
  readonly maxUsers: number;
  #room: Room = this.group(ROOM);
  /** Where those are whom this server knows. */
  #place = "here";

  constructor({ allowStop = false, maxUsers = 1000, ...options }: ChatServerOptions = {}) {
    super({ ...options, clientcls: ChatUser });
    this.allowStop = allowStop;
    this.maxUsers = maxUsers;
    registerServerPackets(
      this,
      (line, cid) => this.#line(line, cid),
      (join, cid) => this.#join(join, cid),
    );
    this.on("close", (user) => this.#left(user));
  }

  /** From now on the chat is that of all nodes of a cluster. Done before anybody has joined. */
  enterCluster(node: ClusterNode<ChatUser>): void {
    this.#room = node.group(ROOM);
    this.#place = "on this server";
    node.on("gap", ({ missed }) => {
      const count =
        missed === undefined ? "Some messages" : missed === 1 ? "A message" : `${missed} messages`;
      for (const user of this.users) user.tell(`${count} from another server did not get here.`);
    });
  }

  // ---- who is here ------------------------------------------------------------------------------

  /** Those of this server who have joined. */
  get users(): ChatUser[] {
    return [...this.clients.values()].filter((user) => user.present);
  }

  /** The names of some of them, as others know them. */
  sampleOfNames(limit: number = SAMPLE): string[] {
    return this.users
      .filter((user) => !user.anonymous)
      .slice(0, limit)
      .map((user) => user.nickname);
  }

  /** What a ping tells of the room. */
  override getPingData(): PingData {
    return { usercount: this.users.length, maxusers: this.maxUsers, sample: this.sampleOfNames() };
  }

  /** Tells everybody, save those whose ids are `except`. */
  announce(message: string, except: number[] = []): void {
    this.#room.broadcast(MESSAGE, serverMessage(message), { except });
  }

  // ---- what users do ----------------------------------------------------------------------------

  #join({ nickname: wanted }: Join, cid: Cid): void {
    const user = this.clients.get(cid ?? 0);
    if (user === undefined) return;
    if (this.users.length >= this.maxUsers) {
      void user.close("serverfull");
      return;
    }
    user.nickname = freeNickname(wanted, this.#namesInUse());
    user.mode = MODE_CHAT;
    this.#room.add(user);
    this.#welcome(user, cleanNickname(wanted));
    this.announce(`${user.nickname} has joined.`, [user.cid]);
  }

  #welcome(user: ChatUser, wanted: string): void {
    const { nickname } = user;
    if (wanted !== "" && nickname !== wanted) {
      user.tell(`The nickname ${wanted} is taken; you are ${nickname}. /nick gives you another one.`);
    }
    user.tell(`Welcome, ${nickname}! ${this.#whoIsHere()} /help lists the commands.`);
  }

  #whoIsHere(): string {
    const count = this.users.length;
    if (count === 1) return `Nobody else is ${this.#place} yet.`;
    const names = this.sampleOfNames();
    const more = count > names.length ? ` and ${count - names.length} more` : "";
    return `${count} are ${this.#place}: ${names.join(", ")}${more}.`;
  }

  #line({ message }: Line, cid: Cid): void {
    const user = this.clients.get(cid ?? 0);
    const text = message.trim();
    if (user === undefined || printable(text) === "") return;
    if (text.length > MAX_MESSAGE) {
      user.tell(`That was too long: ${MAX_MESSAGE} characters are the limit.`);
    } else if (text.startsWith("/")) {
      runCommand(this, user, text);
    } else {
      this.say(user, text);
    }
  }

  #left(user: ChatUser): void {
    // Why is not told: the reason is what the user's program says it is.
    if (user.nickname !== "") this.announce(`${user.nickname} has left.`);
  }

  // ---- what commands do -------------------------------------------------------------------------

  /** Passes on what a user says, the user included: that is how one sees that it has come through. */
  say(user: ChatUser, text: string): void {
    this.#room.broadcast(MESSAGE, userMessage(user, text));
  }

  /** Passes on what a user says to one other user. */
  whisper(user: ChatUser, to: ChatUser, text: string): void {
    to.sendMessage(MESSAGE, userMessage(user, text, { private: true }));
    user.tell(`To ${to.nickname}: ${text}`);
  }

  /** The user whose nickname a text begins with, and what follows; where several do, the longest nickname. */
  addressee(text: string): { readonly user: ChatUser; readonly rest: string } | undefined {
    const [user] = this.users
      .filter(({ nickname }) => nicknameKey(`${text} `).startsWith(nicknameKey(`${nickname} `)))
      .sort((one, other) => other.nickname.length - one.nickname.length);
    return user && { user, rest: text.slice(user.nickname.length).trim() };
  }

  /** Gives a user another nickname. */
  rename(user: ChatUser, wanted: string): void {
    const nickname = cleanNickname(wanted);
    const others = this.#namesInUse(user);
    if (nickname === user.nickname) {
      user.tell(`You are ${nickname} already.`);
    } else if (isTaken(nickname, others)) {
      user.tell(`The nickname ${nickname} is taken; you are still ${user.nickname}.`);
    } else {
      const former = user.nickname;
      user.nickname = nickname;
      this.announce(`${former} is now ${nickname}.`);
    }
  }

  /** Ends the server at a user's word. */
  stopFor(user: ChatUser): void {
    void user.close("command");
    void this.shutdown();
  }

  #namesInUse(except?: ChatUser): Set<string> {
    return new Set(this.users.filter((user) => user !== except).map((user) => nicknameKey(user.nickname)));
  }
}
