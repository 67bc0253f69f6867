// A transport that breaks one promise fails the case of the suite that is about it.

import type { Transport, TransportHandler } from "@peng3dnet/peer";
import { MemoryLink, transportConformance } from "@peng3dnet/peer/testing";

/** What is different about a transport: some of its methods, and some of what it tells. */
interface Break {
  readonly transport?: (inner: Transport, own: { handler: TransportHandler }) => Partial<Transport>;
  readonly handler?: (handler: TransportHandler) => Partial<TransportHandler>;
}

/** A handler that passes everything on. */
function forwardTo(told: TransportHandler): TransportHandler {
  return {
    ready: () => told.ready(),
    refused: (error) => told.refused(error),
    readTarget: () => told.readTarget(),
    data: (chunk) => told.data(chunk),
    ended: () => told.ended(),
    drained: () => told.drained(),
    closed: (error) => told.closed(error),
    crashed: (error) => told.crashed(error),
  };
}

/** A transport that passes everything on, but for what is broken. */
function broken(inner: Transport, { transport, handler }: Break): Transport {
  const own: { handler: TransportHandler } = { handler: undefined as unknown as TransportHandler };
  const wrapped: Transport = {
    remoteAddress: inner.remoteAddress,
    socket: undefined,
    reusesChunks: inner.reusesChunks,
    sslSeclevel: inner.sslSeclevel,
    get busy() {
      return inner.busy;
    },
    get backlog() {
      return inner.backlog;
    },
    start: (told) => {
      own.handler = { ...forwardTo(told), ...handler?.(told) };
      inner.start(own.handler);
    },
    write: (bytes) => inner.write(bytes),
    end: () => inner.end(),
    destroyAfterWrite: () => inner.destroyAfterWrite(),
    destroy: () => inner.destroy(),
    pause: () => inner.pause(),
    resume: () => inner.resume(),
  };
  return Object.defineProperties(
    wrapped,
    Object.getOwnPropertyDescriptors(transport?.(inner, own) ?? {}),
  ) as Transport;
}

function casesOf(change: Break, timeout?: number) {
  return transportConformance({
    name: "broken",
    timeout,
    createPair: ({ server, client }) => {
      const link = new MemoryLink();
      server(broken(link.server, change));
      client(broken(link.client, change));
    },
  });
}

test.each(casesOf({}))("what passes everything on is not broken: $name", ({ run }) => run(), 60_000);

interface Broken extends Break {
  readonly does: string;
  /** The case that it fails, and what that says. */
  readonly fails: string;
  readonly says: string;
}

const ORDER = "bytes arrive in order, whatever the sizes of writes (client to server)";
const PAUSE = "nothing is told while paused, and nothing is lost (client to server)";
const BUSY = "a peer that does not read makes it busy; drained follows, once (client to server)";
const HALF_END = "an end ends one direction; the other one goes on (client to server)";
const RESET = "a reset is told to the other end with an error (client to server)";

const BREAKS: readonly Broken[] = [
  {
    does: "swaps two chunks",
    fails: ORDER,
    says: "is not what was sent: the order is wrong, or it was changed",
    handler: (told) => {
      let count = 0;
      let held: Uint8Array | undefined;
      return {
        data: (chunk) => {
          count++;
          if (count === 2) held = chunk;
          else told.data(chunk);
          if (count === 3 && held !== undefined) told.data(held);
        },
      };
    },
  },
  {
    does: "tells a chunk twice",
    fails: ORDER,
    says: "is not what was sent",
    handler: (told) => ({
      data: (chunk) => {
        told.data(chunk);
        told.data(chunk);
      },
    }),
  },
  {
    does: "reads a buffer after it said that it may be reused",
    fails: ORDER,
    says: "is not what was sent: the order is wrong, or it was changed",
    transport: (inner) => ({
      write: (bytes) => {
        queueMicrotask(() => inner.write(bytes));
        return true;
      },
    }),
  },
  {
    does: "forgets drained",
    fails: BUSY,
    says: "told drained 0 times after one write",
    handler: () => ({ drained: () => {} }),
  },
  {
    does: "tells drained twice",
    fails: BUSY,
    says: "told drained though it was not busy",
    handler: (told) => ({
      drained: () => {
        told.drained();
        told.drained();
      },
    }),
  },
  {
    does: "is never busy",
    fails: BUSY,
    says: "is not busy though nobody reads",
    transport: () => ({ busy: false, backlog: 0, write: () => true }),
  },
  {
    does: "has a backlog that does not go away",
    fails: BUSY,
    says: "though it is not busy",
    transport: (inner) => ({
      get backlog() {
        return inner.backlog + 1;
      },
    }),
  },
  {
    does: "tells data after closed",
    fails: HALF_END,
    says: "told data after closed",
    handler: (told) => ({
      closed: (error) => {
        told.closed(error);
        queueMicrotask(() => told.data(new Uint8Array(1)));
      },
    }),
  },
  {
    does: "closes twice",
    fails: HALF_END,
    says: "told closed twice",
    handler: (told) => ({
      closed: (error) => {
        told.closed(error);
        queueMicrotask(() => told.closed(error));
      },
    }),
  },
  {
    does: "loses the tail on end",
    fails: HALF_END,
    says: "told ended before the last",
    transport: (inner) => {
      let last: Uint8Array = new Uint8Array(0);
      return {
        write: (bytes) => {
          inner.write(last);
          last = bytes.slice();
          return true;
        },
      };
    },
  },
  {
    does: "ends both directions at once",
    fails: HALF_END,
    says: "told closed without an error, though not both ends had ended",
    transport: (inner, own) => ({
      end: () => {
        inner.end();
        queueMicrotask(() => own.handler.closed(undefined));
      },
    }),
  },
  {
    does: "tells ended twice",
    fails: HALF_END,
    says: "told ended twice",
    handler: (told) => ({
      ended: () => {
        told.ended();
        told.ended();
      },
    }),
  },
  {
    does: "frees a long chunk although it says not",
    fails: "chunks stay as they were told, unless it says that they are reused (client to server)",
    says: "was freed, though reusesChunks is false",
    handler: (told) => ({
      data: (chunk) => {
        const own = chunk.slice();
        told.data(own);
        if (own.length >= 4096) structuredClone(own, { transfer: [own.buffer] });
      },
    }),
  },
  {
    does: "reuses a chunk although it says not",
    fails: "chunks stay as they were told, unless it says that they are reused (client to server)",
    says: "was overwritten, though reusesChunks is false",
    handler: (told) => {
      const buffer = new Uint8Array(256 * 1024);
      return {
        data: (chunk) => {
          buffer.set(chunk);
          told.data(buffer.subarray(0, chunk.length));
        },
      };
    },
  },
  {
    does: "delivers while paused",
    fails: PAUSE,
    says: "told data while paused",
    transport: () => ({ pause: () => {} }),
  },
  {
    does: "loses what came while it was paused",
    fails: PAUSE,
    says: "bytes to arrive that the client sent, in vain",
    transport: (inner, own) => {
      let paused = false;
      return {
        start: (told) => {
          own.handler = told;
          inner.start({
            ...forwardTo(told),
            data: (chunk) => {
              if (!paused) told.data(chunk);
            },
          });
        },
        pause: () => {
          paused = true;
        },
        resume: () => {
          paused = false;
        },
      };
    },
  },
  {
    does: "tells data within resume",
    fails: PAUSE,
    says: "told data within resume()",
    transport: (inner, own) => {
      const held: Uint8Array[] = [];
      let paused = false;
      return {
        start: (told) => {
          own.handler = told;
          inner.start({
            ...forwardTo(told),
            data: (chunk) => {
              if (paused) held.push(chunk);
              else told.data(chunk);
            },
          });
        },
        pause: () => {
          paused = true;
        },
        resume: () => {
          paused = false;
          for (const chunk of held.splice(0)) own.handler.data(chunk);
        },
      };
    },
  },
  {
    does: "tells no error after a reset",
    fails: RESET,
    says: "told closed without an error",
    handler: (told) => ({ closed: () => told.closed(undefined) }),
  },
  {
    does: "does not tell that it was destroyed",
    fails: "destroy, twice (client to server)",
    says: "for the client's transport to tell closed, in vain",
    handler: (told) => ({
      closed: (error) => {
        if (error !== undefined) told.closed(error);
      },
    }),
  },
  {
    does: "is ready although it was destroyed",
    fails: "destroy before start (client)",
    says: "told ready after destroy()",
    transport: (inner, own) => {
      let destroyed = false;
      return {
        start: (told) => {
          own.handler = told;
          inner.start(told);
          if (destroyed) told.ready();
        },
        destroy: () => {
          destroyed = true;
          inner.destroy();
        },
      };
    },
  },
  {
    does: "ends as soon as it hears of a reason",
    fails: "a reason that is told long before the end, of any length and any text (client to server)",
    says: "closed",
    transport: (inner) => ({ closing: () => inner.destroy() }),
  },
  {
    does: "throws away what was written in destroyAfterWrite",
    fails:
      "destroyAfterWrite: what was written arrives, and it does not wait for the other end (client to server)",
    says: "for the end of the stream to be told, in vain",
    transport: (inner) => ({ destroyAfterWrite: () => inner.destroy() }),
  },
  {
    does: "keeps to itself what a handler threw",
    fails: "a handler of data that throws (client to server)",
    says: "for crashed to be told what was thrown within data, in vain",
    handler: (told) => ({
      data: (chunk) => {
        try {
          told.data(chunk);
        } catch {
          // Lost.
        }
      },
    }),
  },
  {
    does: "throws when it is over",
    fails: "nothing is told after closed, whatever is called (client to server)",
    says: "write() threw: it is over",
    transport: (inner, own) => {
      let over = false;
      return {
        start: (told) => {
          own.handler = told;
          inner.start({
            ...forwardTo(told),
            closed: (error) => {
              over = true;
              told.closed(error);
            },
          });
        },
        write: (bytes) => {
          if (over) throw new Error("it is over");
          return inner.write(bytes);
        },
      };
    },
  },
];

test.each(BREAKS)("a transport that $does fails", async ({ fails, says, ...change }) => {
  // Some are found out by waiting for what never comes.
  const found = casesOf(change, 1).find(({ name }) => name === `broken: ${fails}`);
  await expect(found?.run()).rejects.toThrow(says);
});
