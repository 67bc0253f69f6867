import { isPlainMap } from "../codec/writing/sendable.js";
import { BadDataError } from "../errors/errors.js";
import { LEAST_BEAT_INTERVAL } from "./heartbeat.js";

/**
 * What a peer declares of extensions of the protocol: the key `ext` of its hello or settype, by name (clause 6.8). What it
 * says nothing of is `undefined`. A new extension is a field here, a reader in {@link readExtensions}, and a row in clause 6.8.
 */
export interface Extensions {
  /** What it takes of compression. */
  readonly compress?: CompressParameters | undefined;
  /** That it takes part in heartbeats, which the server drives. */
  readonly heartbeat?: HeartbeatParameters | undefined;
}

/** Parameters of the extension `compress`. */
export interface CompressParameters {
  /** Whether it wants to be sent compressed packets. */
  readonly accept: boolean;
}

/** Parameters of the extension `heartbeat`. */
export interface HeartbeatParameters {
  /** On a server: seconds from beat to beat. A client says nothing of it. */
  readonly interval?: number | undefined;
}

/** What a peer declares that says nothing. */
export const NO_EXTENSIONS: Extensions = Object.freeze({});

type Parameters = Readonly<Record<string, unknown>>;

/**
 * Reads what the other side declares. Nothing of the value is kept, and only names that this version knows are looked at, so
 * that its length costs nothing; that it was decoded is bounded by the limits of the handshake.
 *
 * @param ext - of any kind, as it came.
 * @throws {@link BadDataError} if it is neither `undefined`, `null` nor a map, or if parameters of a known extension are not
 * what they should be.
 */
export function readExtensions(ext: unknown): Extensions {
  if (ext === undefined || ext === null) return NO_EXTENSIONS;
  if (!isPlainMap(ext)) throw new BadDataError("the extensions of the peer are not a map");
  return {
    compress: readCompress(parametersOf(ext, "compress")),
    heartbeat: readHeartbeat(parametersOf(ext, "heartbeat")),
  };
}

/** The parameters of one extension, `undefined` where it is not named. Parameters that are nil are none. */
function parametersOf(ext: Parameters, name: string): Parameters | undefined {
  if (!Object.hasOwn(ext, name)) return undefined;
  const parameters = ext[name] ?? {};
  if (!isPlainMap(parameters))
    throw new BadDataError(`the parameters of the extension "${name}" are not a map`);
  return parameters;
}

function readCompress(parameters: Parameters | undefined): CompressParameters | undefined {
  if (parameters === undefined) return undefined;
  const { accept = true } = parameters;
  if (typeof accept !== "boolean") {
    throw new BadDataError('"accept" of the extension "compress" is neither true nor false');
  }
  return { accept };
}

function readHeartbeat(parameters: Parameters | undefined): HeartbeatParameters | undefined {
  if (parameters === undefined) return undefined;
  const { interval } = parameters;
  if (interval === undefined) return {};
  if (
    typeof interval !== "number" ||
    !(interval >= LEAST_BEAT_INTERVAL && interval < Number.POSITIVE_INFINITY)
  ) {
    throw new BadDataError(
      `"interval" of the extension "heartbeat" is no number of seconds from ${LEAST_BEAT_INTERVAL}`,
    );
  }
  return { interval };
}

/** What a side declares without taking part in heartbeats; `undefined` where there is nothing left to say. */
export function withoutHeartbeat(declared: Extensions | undefined): Extensions | undefined {
  if (declared?.heartbeat === undefined) return declared;
  const { heartbeat: _, ...rest } = declared;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/**
 * The body of a hello or settype, with what this side declares of extensions. Without any, it is what the reference sends.
 *
 * @param declared - `undefined`: there is nothing to say.
 */
export function withExtensions(body: Parameters, declared: Extensions | undefined): Parameters {
  return declared === undefined ? body : { ...body, ext: declared };
}
