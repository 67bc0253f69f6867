import type {
  AddressLike,
  AnyPacketDefinition,
  Codec,
  ConfigOverrides,
  ExtensionCodec,
} from "@peng3dnet/protocol";
import type { Platform } from "../platform/platform.js";
import type { Clock } from "../time/clock.js";
import type { EngineLike } from "./engine.js";
import type { Logger } from "./logger.js";

/** Options that servers and clients share. */
export interface PeerOptions<D extends AnyPacketDefinition = AnyPacketDefinition> {
  /** Packets to register from the start. Declaring them restricts names in `sendMessage` to theirs. */
  readonly packets?: readonly D[] | undefined;
  /**
   * Engine or event bus; without one no events are sent.
   *
   * @reference `peng`
   */
  readonly peng?: EngineLike | undefined;
  /**
   * Address to listen on or connect to; default: what the config says.
   *
   * @reference `addr`
   */
  readonly addr?: AddressLike | undefined;
  /**
   * Initial config values, over those of the engine and the defaults.
   *
   * @reference `cfg`
   */
  readonly cfg?: ConfigOverrides | undefined;
  /** Codec for bodies; default: the library's own, which checks, encodes and decodes in place. */
  readonly codec?: Codec | undefined;
  /**
   * Encodes objects of yours as msgpack's extension types 0 to 127, and decodes these; default: they are refused. Timestamps
   * need none: they are a `Date`. Beside a `codec`, extension types are let through to that.
   */
  readonly extensions?: ExtensionCodec | undefined;
  /**
   * Whether payloads of defined packets are validated on sending, too. Default: as the platform says; on Node, unless
   * `NODE_ENV` is `"production"`.
   */
  readonly validateSent?: boolean | undefined;
  /** Where diagnostics go; default: nowhere. */
  readonly logger?: Logger | undefined;
  /** Where `net.debug.print.*` print; default: as the platform does, e.g. to standard output. */
  readonly print?: ((line: string) => void) | undefined;
  /** What the runtime has to offer; default: what every runtime has, and with `@peng3dnet/core` what Node has. */
  readonly platform?: Platform | undefined;
  /** Source of time; for tests. Default: the platform's. */
  readonly clock?: Clock | undefined;
}
