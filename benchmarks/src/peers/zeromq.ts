/** `zeromq` (libzmq, native): a dealer each, a router for all, with `@msgpack/msgpack`. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { Dealer, Router } from "zeromq";
import type { ConnectOptions, Message, Peer, PeerClient, PeerServer, ServeOptions } from "../peer.js";

const encoder = new Encoder();
const decoder = new Decoder();
/** No message is dropped, and nothing waits for one that is closed. */
const OPTIONS = { linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 };

/** A socket of zeromq takes the next message once the former one is queued. */
class Queue<M> {
  readonly #waiting: M[] = [];
  #sending = false;

  constructor(
    private readonly socket: { send(message: M): Promise<void> },
    private readonly failed: (error: Error) => void,
  ) {}

  push(message: M): void {
    this.#waiting.push(message);
    if (!this.#sending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#waiting.length > 0) {
        for (const message of this.#waiting.splice(0)) await this.socket.send(message);
      }
    } catch (error) {
      this.failed(error as Error);
    }
    this.#sending = false;
  }
}

async function serve({ mode }: ServeOptions): Promise<PeerServer> {
  const router = new Router(OPTIONS);
  await router.bind("tcp://127.0.0.1:*");
  const members = new Map<string, Buffer>();
  const queue = new Queue<Uint8Array[]>(router, (error) => {
    if (!router.closed) throw error;
  });
  const serving = (async () => {
    for await (const [id, body] of router) {
      const answer = encoder.encode(decoder.decode(body as Buffer));
      if (mode === "echo") queue.push([id as Buffer, answer]);
      else {
        members.set((id as Buffer).toString("latin1"), id as Buffer);
        for (const member of members.values()) queue.push([member, answer]);
      }
    }
  })();
  const { lastEndpoint } = router;
  return {
    port: Number(lastEndpoint?.slice(lastEndpoint.lastIndexOf(":") + 1)),
    async close() {
      router.close();
      await serving.catch(() => {});
    },
  };
}

async function connect({ port, onMessage, onFailure }: ConnectOptions): Promise<PeerClient> {
  const dealer = new Dealer(OPTIONS);
  dealer.connect(`tcp://127.0.0.1:${port}`);
  let closed = false;
  const failed = (error: unknown): void => {
    if (!closed) onFailure(error as Error);
  };
  const queue = new Queue<Uint8Array>(dealer, failed);
  void (async () => {
    for await (const [body] of dealer) onMessage(decoder.decode(body as Buffer) as Message);
  })().catch(failed);
  return {
    send: (message) => queue.push(encoder.encode(message)),
    close() {
      closed = true;
      dealer.close();
    },
  };
}

export const zeromq: Peer = { label: "zeromq", serve, connect };
