import { encode } from "@msgpack/msgpack";
import {
  Connection,
  type ConnectionContext,
  type ConnectionHost,
  createConnectionContext,
  encodeResumed,
  ResumeError,
  ResumeHandshake,
} from "@peng3dnet/core";
import { concat, frame, hex } from "../bytes.js";
import type { Corpus } from "../corpus.js";
import { expectPeerFault, expectThat } from "../finding.js";
import { mutate } from "../mutate.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";
import { OpenServer } from "./open-server.js";
import {
  ACCEPT,
  BACK,
  BACK_ANYWHERE,
  controlPacket,
  ELSEWHERE,
  HELLO_RESUME,
  oddPacket,
  SETTYPE_RESUME,
} from "./wire.js";

const TICKET = new Uint8Array(32).fill(7);

/** A server whose only connection is the one that is fuzzed. */
class ResumeServer extends OpenServer {
  connection: Connection | undefined = undefined;
  readonly resuming: ConnectionContext;

  constructor() {
    super();
    this.initialize();
    this.resuming = createConnectionContext(this, this.cfg, { resume: { window: 60 }, heartbeats: true });
  }

  override getConnection(): Connection | undefined {
    return this.connection;
  }
}

/** Some packets of a proper exchange, with changes, and others among them. */
function script(random: Random, corpus: Corpus, proper: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const packet of proper) {
    if (random.oneIn(6)) parts.push(random.oneIn(2) ? controlPacket(random) : oddPacket(random));
    if (random.oneIn(5)) parts.push(mutate(random, packet, random.pick(corpus.packets)));
    else if (!random.oneIn(8)) parts.push(packet);
  }
  return concat(parts);
}

/** A stream in pieces of any length. */
function cut(random: Random, stream: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const longest = 1 + random.below(random.oneIn(3) ? 5 : 200);
  for (let at = 0; at < stream.length; ) {
    const size = 1 + random.below(longest);
    chunks.push(stream.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** What a client that comes back makes of a server's words, as text that can be compared. */
function asClient(context: ConnectionContext, chunks: readonly Uint8Array[], input: () => string): string {
  const handshake = new ResumeHandshake({
    context,
    conntype: "classic",
    ticket: TICKET,
    received: 9,
    redirect: true,
  });
  const rest: Uint8Array[] = [];
  try {
    for (const chunk of chunks) {
      if (handshake.result !== undefined) {
        rest.push(chunk);
        continue;
      }
      const given = chunk.slice();
      handshake.push(given);
      given.fill(0x2a);
    }
  } catch (error) {
    expectPeerFault(error, input);
    const address = error instanceof ResumeError ? error.address : undefined;
    expectThat(address === undefined || /^[ -~]{1,256}$/.test(address), () => `${address} for ${input()}`);
    return `${error.code} ${address}`;
  }
  const { result } = handshake;
  if (result === undefined) return "waits";
  return `${result.received} ${hex(result.ticket)} ${hex(concat([result.rest, ...rest]), 8192)}`;
}

/** What a server makes of a client's words. */
function asServer(server: ResumeServer, chunks: readonly Uint8Array[], input: () => string): string {
  const told: string[] = [];
  const host: ConnectionHost = {
    outputPending() {},
    outputFull() {},
    handshakeComplete: () => told.push("complete"),
    received() {},
    sent() {},
    ignored() {},
    handlerFailed: (error) => told.push(`failed: ${String(error)}`),
    fail: (error) => told.push(`fault: ${String(error)}`),
    closeReceived: (reason) => told.push(`close ${reason}`),
    heartbeatReceived: (id, _body, length) => told.push(`beat ${id} ${length}`),
    acknowledged: (received, length) => told.push(`has ${received} ${length}`),
    ticketReceived: () => told.push("ticket"),
    resumeAsked: ({ ticket, received, redirect }) => told.push(`back ${hex(ticket)} ${received} ${redirect}`),
  };
  const connection = new Connection(server.resuming, 1, host);
  server.connection = connection;
  connection.open();
  try {
    for (const chunk of chunks) {
      const given = chunk.slice();
      connection.push(given);
      while (connection.next()) connection.dispatch();
      connection.retain();
      given.fill(0x2a);
    }
  } catch (error) {
    expectPeerFault(error, input);
    told.push(error.code);
  }
  connection.markClosed();
  return told.join(", ");
}

/** Both halves of a resumption, and what both send of acknowledgements, cut in any way: the cuts make no difference. */
export function resumeTarget(corpus: Corpus): Target {
  const server = new ResumeServer();
  const resumed = encodeResumed(server.resuming, 1000, TICKET);
  const back = (random: Random): Uint8Array[] => [
    random.oneIn(2) ? BACK : BACK_ANYWHERE,
    ACCEPT,
    frame(19, 0, encode(5)),
  ];
  return {
    name: "resume",
    weight: 4,
    run(random: Random): void {
      const client = random.oneIn(2);
      const active = [
        SETTYPE_RESUME,
        ACCEPT,
        ...Array.from({ length: random.below(5) }, () => controlPacket(random)),
      ];
      const proper = client
        ? [HELLO_RESUME, random.oneIn(4) ? ELSEWHERE : resumed, random.bytes(random.below(40))]
        : random.oneIn(2)
          ? active
          : back(random);
      const stream = script(random, corpus, proper);
      const input = (): string => `towards a ${client ? "client" : "server"}: ${hex(stream)}`;
      const outcome = (chunks: readonly Uint8Array[]): string =>
        client ? asClient(server.resuming, chunks, input) : asServer(server, chunks, input);
      const whole = outcome([stream]);
      const sliced = outcome(cut(random, stream));
      expectThat(whole === sliced, () => `cuts make a difference: ${whole} / ${sliced} for ${input()}`);
      expectThat(!/failed|fault|ticket/.test(whole), () => `${whole} for ${input()}`);
    },
  };
}
