import type { CreatePair } from "@peng3dnet/peer/testing";
import { Splice } from "../support/splice.js";
import { PortTransport } from "./port-transport.js";

const SPLICE = "splice";

/** Lets this worker join two ports that it is sent. */
export function spliceOnRequest(): void {
  addEventListener("message", ({ data, ports: [one, other] }: MessageEvent<unknown>) => {
    if (data !== SPLICE || one === undefined || other === undefined) return;
    const splice = new Splice();
    splice.add(new PortTransport(one));
    splice.add(new PortTransport(other));
  });
}

let worker: Worker | undefined;

/** Makes pairs of ports whose other ends a worker of the same script joins: all goes to another thread, and back. */
export function portPairs(script: string): CreatePair {
  return ({ server, client }) => {
    worker ??= new Worker(script);
    const [one, other] = [new MessageChannel(), new MessageChannel()];
    worker.postMessage(SPLICE, [one.port2, other.port2]);
    server(new PortTransport(one.port1));
    client(new PortTransport(other.port1));
  };
}
