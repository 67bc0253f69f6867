import { ReceiveResources, SIDE_CLIENT, type Side } from "@peng3dnet/peer";
import { Allocator } from "./allocate.js";
import { BufferTextReader } from "./buffer-text-reader.js";

/** Frame decoders that are kept: so many connections may have an unfinished packet, and it costs nothing more. */
const IDLE_DECODERS = 64;

/** What all clients of a process receive with. */
const clients = createResources();

function createResources(): ReceiveResources {
  const { allocate } = new Allocator();
  return new ReceiveResources({ allocate, texts: new BufferTextReader(), spares: IDLE_DECODERS });
}

/**
 * What a peer's connections receive with. A program may have thousands of clients: if each had its own, each would find
 * it in memory that the processor has not looked at for a while. A server has its own, since what it is sent comes from
 * anybody.
 */
export function receiveResources(side: Side): ReceiveResources {
  return side === SIDE_CLIENT ? clients : createResources();
}
