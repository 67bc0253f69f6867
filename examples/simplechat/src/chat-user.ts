import { ClientOnServer, MODE_CHAT } from "@peng3dnet/core";
import { printable } from "@peng3dnet-examples/cli";
import { ANONYMOUS, nicknameKey, SERVER_NAME } from "./nickname.js";
import { type ChatMessage, MESSAGE, now } from "./packets.js";

/** A connection to the server, and the user at its other end. */
export class ChatUser extends ClientOnServer {
  /** Empty until the user has joined. */
  nickname = "";
  /** Whether others are not shown the nickname. */
  anonymous = false;

  /** Whether the user is in the chat. */
  get present(): boolean {
    return this.active && this.mode === MODE_CHAT;
  }

  /** The name that others are shown. */
  get shownName(): string {
    return this.anonymous ? ANONYMOUS : this.nickname;
  }

  /** Whether `nickname` means this user. */
  isCalled(nickname: string): boolean {
    return nicknameKey(nickname) === nicknameKey(this.nickname);
  }

  /** Tells this user something that nobody else gets to read. */
  tell(message: string): void {
    this.sendMessage(MESSAGE, serverMessage(message, { private: true }));
  }
}

/** Who gets to read a message. */
export interface Audience {
  /** Whether nobody else does. Default false. */
  readonly private?: boolean | undefined;
}

/** What the server itself says. */
export function serverMessage(message: string, audience: Audience = {}): ChatMessage {
  return { ...chatMessage(message, SERVER_NAME, audience), internal: true };
}

/** What a user says. */
export function userMessage(user: ChatUser, message: string, audience: Audience = {}): ChatMessage {
  return chatMessage(message, user.shownName, audience);
}

function chatMessage(message: string, origin: string, audience: Audience): ChatMessage {
  return {
    // Not every client takes care of its terminal.
    message: printable(message),
    origin,
    internal: false,
    private: audience.private === true,
    timestamp: now(),
  };
}
