import { isPlainMap } from "../codec/writing/sendable.js";
import { BadDataError } from "../errors/errors.js";
import { LEAST_BEAT_INTERVAL } from "./heartbeat.js";
import { isWhole } from "./plain-number.js";
import { copyTicket, isWindow, MAX_TICKET, MIN_TICKET, type ResumeParameters } from "./resume.js";

/**
 * What a peer declares of extensions of the protocol: the key `ext` of its hello or settype, by name (clause 6.8). What it
 * says nothing of is `undefined`. A new extension is a field here, a reader in {@link readExtensions}, and a row in clause 6.8.
 */
export interface Extensions {
  /** What it takes of compression. */
  readonly compress?: CompressParameters | undefined;
  /** It takes part in heartbeats, which the server drives. */
  readonly heartbeat?: HeartbeatParameters | undefined;
  /** Its sessions outlive a transport that breaks. */
  readonly resume?: ResumeParameters | undefined;
  /** Requests may carry where they are traced. The extension has no parameters. */
  readonly trace?: Readonly<Record<string, never>> | undefined;
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
    compress: readExtension(ext, "compress", readCompress),
    heartbeat: readExtension(ext, "heartbeat", readHeartbeat),
    resume: readExtension(ext, "resume", readResume),
    trace: readExtension(ext, "trace", () => ({})),
  };
}

/** Reads the parameters of one extension; `undefined` where it is not named. Parameters that are nil are none. */
function readExtension<T>(
  ext: Parameters,
  name: keyof Extensions,
  read: (parameters: Parameters) => T,
): T | undefined {
  if (!Object.hasOwn(ext, name)) return undefined;
  const parameters = ext[name] ?? {};
  if (!isPlainMap(parameters))
    throw new BadDataError(`the parameters of the extension "${name}" are not a map`);
  return read(parameters);
}

function readCompress(parameters: Parameters): CompressParameters {
  const { accept = true } = parameters;
  if (typeof accept !== "boolean") {
    throw new BadDataError('"accept" of the extension "compress" is neither true nor false');
  }
  return { accept };
}

function readHeartbeat(parameters: Parameters): HeartbeatParameters {
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

function readResume(parameters: Parameters): ResumeParameters {
  const { window, ticket, received, redirect } = parameters;
  if (window !== undefined && !isWindow(window)) {
    throw new BadDataError('"window" of the extension "resume" is no number of seconds above 0');
  }
  const waits = window === undefined ? {} : { window };
  if (ticket === undefined && received === undefined) return waits;
  // Kept for longer than the packet lives, and not to be changed by it.
  const copy = copyTicket(ticket);
  if (copy === undefined || !isWhole(received)) {
    throw new BadDataError(
      `"ticket" and "received" of the extension "resume" are not ${MIN_TICKET} to ${MAX_TICKET} bytes and a number of bytes`,
    );
  }
  if (redirect !== undefined && typeof redirect !== "boolean")
    throw new BadDataError('"redirect" of the extension "resume" is neither true nor false');
  return { ...waits, ticket: copy, received, ...(redirect === true && { redirect }) };
}

/** What a side declares without one of its extensions; `undefined` where there is nothing left to say. */
export function withoutExtension(
  declared: Extensions | undefined,
  name: keyof Extensions,
): Extensions | undefined {
  if (declared?.[name] === undefined) return declared;
  const { [name]: _, ...rest } = declared;
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
