import { ReceiveResources, SIDE_CLIENT, type Side } from "@peng3dnet/peer";
import { Allocator } from "./allocate.js";
import { BufferTextReader } from "./buffer-text-reader.js";

/** Frame decoders that are kept. For so many connections with an unfinished packet no decoder has to be made. */
const IDLE_DECODERS = 64;

/** What all clients of a process receive with. */
const clients = createResources();

function createResources(): ReceiveResources {
  const { allocate } = new Allocator();
  return new ReceiveResources({ allocate, texts: new BufferTextReader(), idleDecoders: IDLE_DECODERS });
}

/**
 * The objects that a peer's connections receive with. All clients of a process share them, which is faster where there are
 * many ("Look at few objects" in docs/performance). Each server has its own, since what it is sent comes from anybody.
 */
export function receiveResources(side: Side): ReceiveResources {
  return side === SIDE_CLIENT ? clients : createResources();
}
