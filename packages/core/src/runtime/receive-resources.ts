import { ReceiveResources, SIDE_CLIENT, type Side } from "@peng3dnet/peer";
import { freeRead } from "../tcp/free-read.js";
import { Allocator } from "./allocate.js";
import { BufferTextReader } from "./buffer-text-reader.js";

/** Frame decoders that are kept. For so many connections with an unfinished packet no decoder has to be made. */
const IDLE_DECODERS = 64;

/** What all clients of a process receive with. */
const clients = createResources();

function createResources(free?: (bytes: Uint8Array) => void): ReceiveResources {
  const { allocate } = new Allocator();
  return new ReceiveResources({ allocate, free, texts: new BufferTextReader(), idleDecoders: IDLE_DECODERS });
}

/**
 * The objects that a peer's connections receive with. All clients of a process share them, which is faster where there are
 * many ("Look at few objects" in docs/performance). Each server has its own, since what it is sent comes from anybody, and frees
 * at once what is left of those whom it ends: they may be many at the same moment.
 */
export function receiveResources(side: Side): ReceiveResources {
  return side === SIDE_CLIENT ? clients : createResources(freeRead);
}
