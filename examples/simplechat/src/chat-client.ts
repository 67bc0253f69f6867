import { Client, MODE_CHAT, type PeerOptions } from "@peng3dnet/core";
import {
  type ChatMessage,
  JOIN,
  type Join,
  type Line,
  MESSAGE,
  now,
  registerClientPackets,
} from "./packets.js";

/** Options of a {@link ChatClient}. */
export interface ChatClientOptions extends PeerOptions {
  /** Is handed what there is to read. */
  readonly onMessage: (message: ChatMessage) => void;
}

/** Takes part in a chat. */
export class ChatClient extends Client {
  constructor({ onMessage, ...options }: ChatClientOptions) {
    super(options);
    registerClientPackets(this, onMessage);
  }

  /** Enters the chat. @param nickname - the server gives out another one if this is taken or empty. */
  enter(nickname: string): void {
    this.sendMessage(JOIN, { nickname } satisfies Join);
    this.mode = MODE_CHAT;
  }

  /**
   * Says something, or does what it says if it begins with a slash.
   *
   * @returns false if the server is slower than this client: wait for `flush()`.
   */
  say(message: string): boolean {
    return this.sendMessage(MESSAGE, { message, timestamp: now() } satisfies Line);
  }
}
