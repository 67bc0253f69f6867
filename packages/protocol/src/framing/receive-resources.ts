import type { TextReader } from "../codec/platform-text.js";
import { ValueReader } from "../codec/reading/value-reader.js";
import { FrameDecoder } from "./frame-decoder.js";
import { ObjectPool } from "./object-pool.js";
import type { Allocate, Free } from "./receive-buffer.js";

/** Options of {@link ReceiveResources}. */
export interface ReceiveResourcesOptions {
  /** Makes buffers for packets that arrive in pieces; their content has no meaning. Default: filled with zeros. */
  readonly allocate?: Allocate | undefined;
  /**
   * Frees such a buffer once its packet will never be whole, as the connection is over. Only where nobody reads into it
   * ({@link FrameDecoder.readTarget}). Default: the engine does, when it collects garbage.
   */
  readonly free?: Free | undefined;
  /** Reads all texts but short ones. Default: the platform's decoder. */
  readonly texts?: TextReader | undefined;
  /** How many frame decoders are kept while no connection needs them. Default 1. */
  readonly idleDecoders?: number | undefined;
}

/**
 * The objects that connections receive with while there are bytes. Connections of several peers may share them, which is
 * faster than objects of their own (docs/performance says why). What stays of that which was received is keys of maps and
 * the last chunk; limits are each peer's own.
 */
export class ReceiveResources {
  /** Frame decoders that no connection needs at the moment. */
  readonly decoders: ObjectPool<FrameDecoder>;
  /** Checks and decodes bodies, each with the limits of its own peer. */
  readonly values: ValueReader;

  constructor({ allocate, free, texts, idleDecoders = 1 }: ReceiveResourcesOptions = {}) {
    this.decoders = new ObjectPool(idleDecoders, () => new FrameDecoder(0, allocate, free));
    this.values = new ValueReader(texts);
  }
}
