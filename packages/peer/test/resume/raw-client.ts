// Somebody who comes with a ticket, byte by byte; and who listens on a line.

import { ResumeHandshake, type ResumeResult, SSLSEC_NONE } from "@peng3dnet/peer";
import { MemoryLink } from "@peng3dnet/peer/testing";
import type { Scene } from "./scene.js";

const TICKET_ID = 20;
const RESUMED_ID = 21;

/** All that was written to a link, by the end that wrote it. */
export function tap(link: MemoryLink): { readonly toClient: Uint8Array[]; readonly toServer: Uint8Array[] } {
  const tapped = { toClient: [] as Uint8Array[], toServer: [] as Uint8Array[] };
  for (const [end, pieces] of [
    [link.server, tapped.toClient],
    [link.client, tapped.toServer],
  ] as const) {
    const { write } = end;
    end.write = (bytes) => {
      pieces.push(bytes.slice());
      return write.call(end, bytes);
    };
  }
  return tapped;
}

/** The tickets in what a server has written. */
export function ticketsIn(pieces: readonly Uint8Array[]): Uint8Array[] {
  const bytes = Buffer.concat(pieces);
  const tickets: Uint8Array[] = [];
  for (let at = 0; at + 10 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    const id = bytes.readUInt32BE(at + 4);
    if (id !== TICKET_ID && id !== RESUMED_ID) continue;
    // msgpack's binary of 32 bytes.
    const body = bytes.subarray(at + 10, at + 4 + bytes.readUInt32BE(at));
    const start = body.indexOf(Buffer.from([0xc4, 32])) + 2;
    tickets.push(Uint8Array.from(body.subarray(start, start + 32)));
  }
  return tickets;
}

/** What an attempt came to. */
export interface Attempt {
  readonly link: MemoryLink;
  result: ResumeResult | undefined;
  error: Error | undefined;
  closed: boolean;
  /** What came behind the answer. */
  readonly stream: Uint8Array[];
}

/** Comes back for a session with a ticket, whoever it belongs to. */
export function comeBack(
  { server, client }: Scene,
  ticket: Uint8Array,
  received: number,
  hold: (link: MemoryLink) => void = () => {},
): Attempt {
  const link = new MemoryLink(SSLSEC_NONE);
  hold(link);
  const attempt: Attempt = { link, result: undefined, error: undefined, closed: false, stream: [] };
  const connection = client.getConnection();
  if (connection === undefined) throw new Error("the client was not connected");
  const handshake = new ResumeHandshake({
    context: connection.context,
    conntype: "classic",
    ticket,
    received,
  });
  server.accept(link.server);
  link.client.start({
    ready: () => {},
    refused: () => {},
    readTarget: () => undefined,
    data: (chunk) => {
      if (attempt.result !== undefined) {
        attempt.stream.push(chunk.slice());
        return;
      }
      try {
        attempt.result = handshake.push(chunk);
        const output = handshake.output();
        if (output !== undefined) link.client.write(output);
      } catch (error) {
        attempt.error = error as Error;
        link.client.end();
      }
    },
    ended: () => link.client.end(),
    drained: () => {},
    closed: () => {
      attempt.closed = true;
    },
    crashed: () => {},
  });
  return attempt;
}

/** The reason for which an attempt was refused. */
export function reasonOf({ error }: Attempt): unknown {
  return (error as { reason?: unknown } | undefined)?.reason;
}
