import { BodyDecoder, type BodyDecoderOptions } from "../codec/reading/body-decoder.js";
import { ValueWriter } from "../codec/writing/value-writer.js";
import type { ConfigReader } from "../config/config.js";
import { SIDE_CLIENT, SIDE_SERVER, type Side } from "../constants.js";
import { BufferPool } from "../framing/buffer-pool.js";
import type { FrameDecoder } from "../framing/frame-decoder.js";
import { FrameEncoder } from "../framing/frame-encoder.js";
import { ObjectPool } from "../framing/object-pool.js";
import { HEADER_SIZE } from "../framing/packet-header.js";
import { ReceiveResources } from "../framing/receive-resources.js";
import { SharedOutput } from "../framing/shared-output.js";
import type { Extensions } from "../handshake/extensions.js";
import { MAX_BEAT_BODY } from "../handshake/heartbeat.js";
import { KnownBodies } from "../handshake/known-bodies.js";
import { RegistryAnnouncement } from "../handshake/registry-announcement.js";
import { MAX_RESUME_BODY, type ResumeParameters } from "../handshake/resume.js";
import { SteadyPacket } from "../handshake/steady-packet.js";
import type { EncodingContext } from "../packets/encode-packet.js";
import { PacketDelivery } from "../packets/packet-delivery.js";
import { BoundTypes } from "./bound-type.js";
import { commonOf, derive } from "./derived.js";
import type { Peer } from "./peer.js";

/**
 * What connections of a peer share: the options as they were when it was made, and buffers. Connections that began before a
 * change of the options keep an earlier one.
 */
export interface ConnectionContext extends EncodingContext {
  /** What the connections receive with. */
  readonly resources: ReceiveResources;
  /** The connection types of the peer; `undefined`: each connection binds its own, as that of a client does. */
  readonly types: BoundTypes | undefined;
  /** Delivers packets that were received. */
  readonly delivery: PacketDelivery;
  /** The registry as it is sent to clients. */
  readonly announcement: RegistryAnnouncement;
  /** The hello of a server, or the settype of a client, as it is sent. */
  readonly greeting: SteadyPacket;
  /** What a client says when it has taken over a registry. */
  readonly acceptance: SteadyPacket;
  /** What the packets of the handshake have said; `undefined`: the application decodes values itself, which are its own. */
  readonly knownBodies: KnownBodies | undefined;
  readonly decoders: ObjectPool<FrameDecoder>;
  readonly encoders: ObjectPool<FrameEncoder>;
  /** What this side declares of extensions in hello or settype; `undefined`: nothing. */
  readonly declared: Extensions | undefined;
  /** Whether more extensions may be declared for single connections. */
  readonly roomForExtensions: boolean;
  /** Whether this context is only for connections whose other side declined compression. */
  readonly compressionDeclined: boolean;
  /** Where those connections have their context. */
  readonly uncompressed: UncompressedContext;
  /** Decodes bodies. */
  readonly bodies: BodyDecoder;
  /** As `limit`, before a connection is active. */
  readonly handshakeLimit: number;
  /** As `inflatedLimit`, before a connection is active. */
  readonly handshakeInflatedLimit: number;
  /** As `elements`, before a connection is active. */
  readonly handshakeElements: number;
  /** Limits before a session goes on over another transport: on a client, too, since it takes no registry then. */
  readonly resumeLimits: ResumeLimits;
  readonly highWater: number;
  readonly dropDroppable: boolean;
  readonly autosync: boolean;
  readonly strictRegistry: boolean;
  readonly maxNames: number;
  readonly maxNameLength: number;
}

/** What of a context says nothing of its peer, so that peers of one side with the same options may share it. */
export type CommonContext = Omit<ConnectionContext, "peer">;

/** What may be received before a session goes on over another transport. */
export interface ResumeLimits {
  /** Longest packet, in bytes without its length prefix. */
  readonly length: number;
  /** Longest body after decompression, in bytes. */
  readonly inflated: number;
  /** Elements of all containers of a body together. */
  readonly elements: number;
}

/**
 * Holds the context for those connections of a peer whose other side declined compression, or what such contexts have in common. It
 * differs in nothing but that, and is made for the first one. All of a peer share it, so that a broadcast is encoded once for them.
 */
export class UncompressedContext {
  readonly #encoders: number;
  #context: ConnectionContext | undefined = undefined;

  /** @param encoders - frame encoders that are kept while no connection needs them. */
  constructor(encoders: number) {
    this.#encoders = encoders;
  }

  /** Whether there was such a connection, and a context of its own for it. */
  get used(): boolean {
    return this.#context !== undefined;
  }

  /** @param context - that of the other connections. It serves these, too, if it does not compress. */
  of(context: ConnectionContext): ConnectionContext {
    if (context.compression === undefined) return context;
    const common = commonOf(context);
    if (this.#context === undefined) {
      const uncompressed: ConnectionContext = {
        ...common,
        compression: undefined,
        compressionDeclined: true,
        announcement: new RegistryAnnouncement(),
        greeting: new SteadyPacket(),
        acceptance: new SteadyPacket(),
        encoders: new ObjectPool(this.#encoders, () => new FrameEncoder(uncompressed)),
      };
      this.#context = uncompressed;
    }
    return common === context ? this.#context : contextFor(context.peer, this.#context);
  }
}

/**
 * Parts of a context that a caller may bring along. Without `codec` bodies are encoded and decoded in place, as
 * {@link ValueCodec} does; without `compression` nothing is compressed, either.
 */
export interface ConnectionContextOptions extends BodyDecoderOptions {
  /** An earlier context of the same peer, whose buffers and connection types the new one shares. */
  readonly former?: ConnectionContext | undefined;
  /** What the connections receive with. Default: resources of this peer alone. */
  readonly resources?: ReceiveResources | undefined;
  /** Whether payloads are validated on sending, too. Default false. */
  readonly validateSent?: boolean | undefined;
  /**
   * Whether the connections are driven by somebody who beats and answers, so that they may offer that to the other side
   * (`net.heartbeat.interval`). Default false.
   */
  readonly heartbeats?: boolean | undefined;
  /**
   * What the connections declare of resumption, where they are driven by somebody who keeps sessions and goes on with them: on
   * a server `{ window }`, on a client `{}`. Default `undefined`: nothing.
   */
  readonly resume?: ResumeParameters | undefined;
}

/** Levels of a hello or settype that declares an extension with parameters. */
const HELLO_DEPTH = 3;
/** Bytes and elements that the settype of a client has at most that comes back, with room for further extensions. */
const RESUME_LENGTH = 2 * MAX_RESUME_BODY;
const RESUME_ELEMENTS = 32;
/** Output buffers that are kept for the connections of a server, or of the clients that share a context. */
const MANY_BUFFERS = 16;
/** Frame encoders that are kept while none of these connections needs them. */
const MANY_ENCODERS = 64;

/** Whether extensions with parameters may be declared: whoever bounds packets to less is to send and to accept no more. */
function roomForExtensions(cfg: ConfigReader): boolean {
  return cfg.get("net.limits.depth") >= HELLO_DEPTH;
}

/**
 * What a peer declares of extensions. Whoever bounds packets to less than those of an extension is to send and to accept none.
 *
 * @returns `undefined`: nothing.
 */
function declaredExtensions(
  side: Side,
  cfg: ConfigReader,
  { length, elements }: ResumeLimits,
  { compression, heartbeats, resume }: ConnectionContextOptions,
): Extensions | undefined {
  const interval = cfg.get("net.heartbeat.interval");
  const deep = roomForExtensions(cfg);
  const beats =
    heartbeats === true &&
    interval > 0 &&
    interval < Number.POSITIVE_INFINITY &&
    cfg.get("net.limits.packetlength") >= HEADER_SIZE + MAX_BEAT_BODY;
  const resumes = resume !== undefined && length >= RESUME_LENGTH && elements >= RESUME_ELEMENTS;
  const declared: Extensions = {
    // What cannot be inflated is declined, too: the connection would end with the first compressed packet.
    ...(!(cfg.get("net.compress.accept") && compression !== undefined) && { compress: { accept: false } }),
    ...(beats && deep && { heartbeat: side === SIDE_SERVER ? { interval } : {} }),
    ...(resumes && deep && { resume }),
  };
  return Object.keys(declared).length > 0 ? declared : undefined;
}

/**
 * Reads a peer's options for the connections that begin from now on.
 *
 * @throws {@link ConfigError} if an option that a parent of `cfg` holds is not allowed.
 */
export function createConnectionContext(
  peer: Peer,
  cfg: ConfigReader,
  options: ConnectionContextOptions = {},
): ConnectionContext {
  return createContext(peer, peer.side, cfg, options);
}

/** A context for a peer that shares what it can with other peers of its side. */
export function contextFor(peer: Peer, common: CommonContext): ConnectionContext {
  return derive(common, { peer });
}

/**
 * Reads what of the options of clients says nothing of a client, so that all whose options are the same may share it.
 *
 * @throws as {@link createConnectionContext}.
 */
export function createCommonContext(cfg: ConfigReader, options: ConnectionContextOptions): CommonContext {
  return createContext(undefined, SIDE_CLIENT, cfg, options);
}

/** @param peer - `undefined`: the context is only to be shared, by {@link contextFor}. */
function createContext(
  peer: Peer | undefined,
  side: Side,
  cfg: ConfigReader,
  options: ConnectionContextOptions,
): ConnectionContext {
  const { former, resources = new ReceiveResources(), validateSent = false } = options;
  const { codec, compression, extensions } = options;
  const depth = cfg.get("net.limits.depth");
  const limit = cfg.get("net.limits.packetlength");
  const inflatedLimit = cfg.get("net.limits.inflated");
  const server = side === SIDE_SERVER;
  // A client by itself has one connection.
  const encoders = server || peer === undefined ? MANY_ENCODERS : 1;
  const pool = former?.pool ?? new BufferPool(server || peer === undefined ? MANY_BUFFERS : 1);
  const elements = cfg.get("net.limits.elements");
  const maxNames = cfg.get("net.limits.registry.names");
  const fewElements = cfg.get("net.limits.elements.handshake");
  const resumeLimits: ResumeLimits = {
    length: Math.min(limit, cfg.get("net.limits.packetlength.handshake")),
    inflated: Math.min(inflatedLimit, cfg.get("net.limits.inflated.handshake")),
    elements: Math.min(elements, fewElements),
  };
  const ownValues = codec === undefined && extensions === undefined;
  const context: ConnectionContext = {
    peer: peer as Peer,
    resources,
    types: peer && (former?.types ?? new BoundTypes()),
    announcement: new RegistryAnnouncement(),
    greeting: new SteadyPacket(),
    acceptance: new SteadyPacket(),
    knownBodies: ownValues ? new KnownBodies() : undefined,
    decoders: resources.decoders,
    encoders: new ObjectPool(encoders, () => new FrameEncoder(context)),
    roomForExtensions: roomForExtensions(cfg),
    declared: declaredExtensions(side, cfg, resumeLimits, options),
    compressionDeclined: false,
    uncompressed: new UncompressedContext(encoders),
    delivery: new PacketDelivery({
      maxIgnoredInARow: cfg.get("net.limits.strikes"),
      closeOnUnknown: cfg.get("net.registry.unknownpacketaction") === "closeconnection",
    }),
    codec,
    writer: new ValueWriter(depth, elements, pool, extensions),
    // Compressed bodies are accepted even where `net.compress.enabled` is off.
    bodies: new BodyDecoder(resources.values, depth, elements, options),
    pool,
    sharedOutput: former?.sharedOutput ?? new SharedOutput(),
    limit,
    inflatedLimit,
    handshakeLimit: server ? resumeLimits.length : limit,
    handshakeInflatedLimit: server ? resumeLimits.inflated : inflatedLimit,
    depth,
    elements,
    // A client receives the server's registry in the handshake. Each name is two elements and, where there are very many,
    // a new key, of which a body may have one for each four elements.
    handshakeElements: server ? resumeLimits.elements : 4 * maxNames + fewElements,
    resumeLimits,
    compression: cfg.get("net.compress.enabled") ? compression : undefined,
    validateSent,
    threshold: cfg.get("net.compress.threshold"),
    highWater: cfg.get("net.limits.unsent.highwater"),
    dropDroppable: cfg.get("net.limits.unsent.policy") === "drop",
    autosync: cfg.get("net.registry.autosync"),
    strictRegistry: cfg.get("net.registry.missingpacketaction") === "closeconnection",
    maxNames,
    maxNameLength: cfg.get("net.limits.registry.namelength"),
  };
  return context;
}
