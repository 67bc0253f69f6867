import type { TextReader } from "../codec/platform-text.js";
import { ValueReader } from "../codec/reading/value-reader.js";
import { FrameDecoder } from "./frame-decoder.js";
import { ObjectPool } from "./object-pool.js";
import type { Allocate } from "./receive-buffer.js";

/** How a {@link ReceiveResources} is made. */
export interface ReceiveResourcesOptions {
  /** Makes buffers for packets that arrive in pieces; their content has no meaning. Default: filled with zeros. */
  readonly allocate?: Allocate | undefined;
  /** Reads texts but short ones; default: the platform's decoder does. */
  readonly texts?: TextReader | undefined;
  /** Frame decoders that are kept while no connection needs them. Default 1. */
  readonly spares?: number | undefined;
}

/**
 * What connections receive with while there are bytes; of what came, only keys of maps and the last chunk stay. Connections
 * of several peers may share it: what they all use is in the processor's cache.
 */
export class ReceiveResources {
  /** Frame decoders that no connection needs at the moment. */
  readonly decoders: ObjectPool<FrameDecoder>;
  /** Checks and decodes bodies, each with the limits of its own peer. */
  readonly values: ValueReader;

  constructor({ allocate, texts, spares = 1 }: ReceiveResourcesOptions = {}) {
    this.decoders = new ObjectPool(spares, () => new FrameDecoder(0, allocate));
    this.values = new ValueReader(texts);
  }
}
