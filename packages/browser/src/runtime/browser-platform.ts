import { type Platform, ReceiveResources, standardPlatform } from "@peng3dnet/peer";
import { browserCompression } from "./compression.js";
import { networkBack } from "./network-back.js";
import { ShortTextReader } from "./short-text-reader.js";

/** Frame decoders that are kept while no connection needs them: a page has few connections. */
const IDLE_DECODERS = 1;

/**
 * {@link Platform} of browsers, which clients of this package have unless another one is handed in: what all runtimes have,
 * with zlib. Payloads of defined packets are validated on sending: a browser does not tell whether a page is in production.
 * `validateSent: false` spares that.
 *
 * `clock.afterInput` is left out: browsers promise no order between timers and messages, so that nothing can tell that all
 * input was read. Deadlines judge at once, after the time is given back that a timer was late.
 */
export const browserPlatform: Platform = {
  ...standardPlatform,
  compression: browserCompression,
  networkBack,
  receiveResources: () => new ReceiveResources({ idleDecoders: IDLE_DECODERS, texts: new ShortTextReader() }),
};
