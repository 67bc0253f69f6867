import { randomFillSync } from "node:crypto";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { concat } from "../../../bytes.js";
import { ENTER, flood } from "../attacker.js";
import { packet, repeated } from "../bodies.js";
import type { Kind } from "../kind.js";
import { IN } from "../packets.js";

const TLS = { tls: true } as const;

/** What a client of TLS says first. Nobody answers it here. */
function clientHello(): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(new Uint8Array(chunk));
        done();
      },
    });
    connectTls({ socket: wire, rejectUnauthorized: false, servername: "localhost" }).on("error", () => {});
  });
}

/** A record of TLS with any content. */
function record(type: number, length: number): Uint8Array {
  const bytes = randomFillSync(new Uint8Array(5 + length));
  bytes.set([type, 3, 3, length >> 8, length & 0xff]);
  return bytes;
}

const HANDSHAKE = 22;
const CHANGE_CIPHER = 20;
const DATA = 23;

export const TLS_KINDS: readonly Kind[] = [
  {
    name: "tls-handshakes",
    mute: true,
    title: "TLS handshakes, one after the other, each gone once it is complete",
    connections: 8,
    victim: TLS,
    prepare: () => async (attacker) => {
      const one = async (from: number): Promise<void> => {
        while (!attacker.over) {
          const socket = await attacker.open({ tls: true, from });
          socket?.destroy();
          await attacker.pause(20);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, from) => one(from)));
    },
  },
  {
    name: "tls-hellos",
    title: "TLS: a ClientHello, and then silence",
    connections: 500,
    victim: TLS,
    stays: true,
    seconds: 3,
    prepare: () => {
      const hello = clientHello();
      return async (attacker) => {
        const first = await hello;
        for (let count = 0; count < 500 && !attacker.over; count++) {
          await attacker.open({ first, from: count % 16 });
          await attacker.pause(4);
        }
      };
    },
  },
  {
    name: "tls-hello-flood",
    title: "TLS: a ClientHello, and a reset, again and again",
    connections: 20,
    victim: TLS,
    prepare: () => {
      const hello = clientHello();
      return async (attacker) =>
        flood(attacker, { connections: 20, chunk: await hello, every: 40, anew: true, addresses: 16 });
    },
  },
  {
    name: "tls-plain",
    title: "TLS: bytes that are none, to a port with it",
    connections: 20,
    victim: TLS,
    prepare: () => (attacker) =>
      flood(attacker, { connections: 20, chunk: ENTER, every: 20, anew: true, addresses: 16 }),
  },
  {
    name: "tls-garbage",
    title: "TLS: a ClientHello and then records of garbage, as for another handshake",
    connections: 20,
    victim: TLS,
    prepare: () => {
      const hello = clientHello();
      const garbage = [
        record(CHANGE_CIPHER, 1),
        record(HANDSHAKE, 4000),
        record(DATA, 16_000),
        record(HANDSHAKE, 16_000),
      ];
      return async (attacker) => {
        const first = await hello;
        await flood(attacker, {
          connections: 20,
          first,
          chunk: concat(garbage),
          every: 20,
          anew: true,
          addresses: 16,
        });
      };
    },
  },
  {
    name: "tls-tiny",
    title: "TLS: tiny packets as fast as they are read",
    connections: 4,
    victim: TLS,
    prepare: () => {
      const chunk = repeated(packet(IN.id, 1));
      return (attacker) => flood(attacker, { connections: 4, first: ENTER, chunk, tls: true, addresses: 4 });
    },
  },
  {
    name: "tls-deaf",
    title: "TLS: ask for 64 KiB again and again, and do not read",
    connections: 16,
    victim: { tls: true, app: "reply", cfg: { "net.compress.enabled": false } },
    prepare: () => {
      const request = packet(IN.id, "more");
      const chunk = repeated(request, 8 * request.length);
      return (attacker) =>
        flood(attacker, {
          connections: 16,
          first: ENTER,
          chunk,
          every: 4,
          tls: true,
          deaf: true,
          addresses: 16,
        });
    },
  },
  {
    name: "tls-on-plain",
    title: "TLS to a port without it",
    connections: 20,
    prepare: () => {
      const hello = clientHello();
      return async (attacker) =>
        flood(attacker, { connections: 20, chunk: await hello, every: 20, anew: true, addresses: 16 });
    },
  },
];
