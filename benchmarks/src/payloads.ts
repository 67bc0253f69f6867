/** The messages that are sent, and the check that what came back is what was sent. */
import { isDeepStrictEqual } from "node:util";
import { type GameState, gameState } from "./game-state.js";
import type { Message } from "./peer.js";

export type PayloadName = "small" | "state" | "large" | "world" | "notice";

export interface Payload {
  readonly description: string;
  /** The message with running number `i`. The same object may be returned each time. */
  create(i: number): Message;
  /** Throws unless `message` is message number `i`. */
  check(message: Message, i: number): void;
}

/** A nested map is compared as a whole once in so many messages, and by its corners otherwise. */
const FULL_CHECK_MASK = 63;

function fail(i: number, message: Message): never {
  throw new Error(`wrong answer to message ${i}: number ${String(message?.i)}`);
}

function small(): Payload {
  return {
    description: 'a small message, {i, s: "hello"}',
    create: (i) => ({ i, s: "hello" }),
    check(message, i) {
      if (message.i !== i || message.s !== "hello") {
        fail(i, message);
      }
    },
  };
}

function state(players: number, description: string): Payload {
  const sent = gameState(players);
  const expected = gameState(players);
  return {
    description,
    create(i) {
      sent.i = i;
      return sent;
    },
    check(message, i) {
      const received = message as GameState;
      const last = received.players?.[players - 1];
      if (received.i !== i || received.players.length !== players || last?.pos[2] !== 64.125) {
        fail(i, message);
      }
      if ((i & FULL_CHECK_MASK) === 0) {
        expected.i = i;
        if (!isDeepStrictEqual(received, expected)) {
          fail(i, message);
        }
      }
    },
  };
}

function bytes(size: number): Payload {
  const data = Buffer.allocUnsafeSlow(size);
  for (let index = 0; index < size; index++) {
    data[index] = (index * 2654435761) >>> 24;
  }
  return {
    description: `${size / 1024} KiB of bytes`,
    create: (i) => ({ i, data }),
    check(message, i) {
      if (message.i !== i || !(message.data instanceof Uint8Array) || data.compare(message.data) !== 0) {
        fail(i, message);
      }
    },
  };
}

function notice(): Payload {
  const text = "x".repeat(160);
  return {
    description: "a 200-byte message",
    create: (i) => ({ i, event: "chat", from: "player-1", text }),
    check(message, i) {
      if (message.i !== i || message.from !== "player-1" || message.text !== text) {
        fail(i, message);
      }
    },
  };
}

const PAYLOADS: Readonly<Record<PayloadName, () => Payload>> = {
  small,
  state: () => state(9, "a 1 KiB game state"),
  large: () => bytes(256 * 1024),
  world: () => state(150, "a 16 KiB game state"),
  notice,
};

/** A payload of its own for each connection, as the checks keep state. */
export function createPayload(name: PayloadName): Payload {
  return PAYLOADS[name]();
}
