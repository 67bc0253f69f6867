// A client of a server whose transport does what a test says.

import { type CloseInfo, definePacket, payload, Server, type ServerOptions } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";
import { accept, settype } from "../../../core/test/support/wire.js";
import { ScriptedTransport } from "../resume/scripted.js";

/** Id of {@link Note}. */
export const NOTE = 64;
export const Note = definePacket({ name: "test:note", schema: payload<unknown>() });
export const packets = [Note];

export interface SceneOptions extends ServerOptions {
  /** Whether packets wait for `process`. */
  readonly manual?: boolean;
  /** Whether the handshake is left out. */
  readonly early?: boolean;
  /** Default: a {@link ScriptedTransport}. */
  readonly transport?: ScriptedTransport;
}

/** A server with one client, whose transport a test plays. */
export function scene({
  manual = false,
  early = false,
  transport = new ScriptedTransport(),
  ...options
}: SceneOptions = {}) {
  const net = new TestNetwork(options.platform);
  const server = manual
    ? new Server({ packets, clock: net.clock, ...options })
    : net.server({ packets, ...options });
  server.initialize();
  const closes: CloseInfo[] = [];
  const failures: string[] = [];
  const notes: unknown[] = [];
  server.on("close", (_client, info) => void closes.push(info));
  server.on(
    "handlerError",
    (error, { where }) => void failures.push(`${where}: ${(error as Error).message}`),
  );
  server.on(Note, (note) => void notes.push(note));
  const client = server.accept(transport);
  const { handler } = transport;
  if (handler === undefined) throw new Error("the transport was not started");
  const send = (...bytes: Uint8Array[]): void => handler.data(Buffer.concat(bytes));
  if (!early) {
    handler.ready();
    send(settype());
    send(accept());
    transport.calls.length = 0;
  }
  return { net, server, client, transport, handler, send, closes, failures, notes };
}
