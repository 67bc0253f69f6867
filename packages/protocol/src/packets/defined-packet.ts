import type { Peer } from "../connection/peer.js";
import { type Side, SSLSEC_NONE, type SslSecLevel, STATE_ACTIVE } from "../constants.js";
import { describeError } from "../errors/describe-error.js";
import { InvalidPayloadError, MAX_ISSUES } from "../errors/errors.js";
import { whenRejected } from "../errors/when-rejected.js";
import type { PacketRegistry } from "../registry/packet-registry.js";
import type { AnyPacketDefinition } from "./packet-definition.js";
import type { InvalidAction } from "./packet-rule.js";
import { SmartPacket } from "./smart-packet.js";
import type { StandardIssue, StandardSchemaV1 } from "./standard-schema.js";

/** Keys of a path that are shown. */
const MAX_PATH_DEPTH = 32;

/** The packet that a definition stands for, of one peer. */
export class DefinedPacket extends SmartPacket {
  /** What it was made from. */
  readonly definition: AnyPacketDefinition;
  override readonly name: string;
  // Only declared, since they are fields of each smart packet.
  declare readonly state: number | null;
  declare readonly mode: number | null;
  declare readonly side: Side | null;
  declare readonly conntype: string | null;
  declare readonly minSslsecLevel: SslSecLevel;
  declare readonly invalidAction: InvalidAction;
  declare readonly droppable: boolean;
  /** What `sendMessage` does when a condition does not hold: what the definition says, or else it throws. */
  readonly invalidSendAction: InvalidAction;
  readonly #schema: StandardSchemaV1["~standard"] | undefined;

  constructor(reg: PacketRegistry, peer: Peer, definition: AnyPacketDefinition) {
    super(reg, peer);
    const { options } = definition;
    this.definition = definition;
    this.name = definition.name;
    this.side = definition.side;
    this.state = options.state === undefined ? STATE_ACTIVE : options.state;
    this.mode = options.mode ?? null;
    this.conntype = options.conntype ?? null;
    this.minSslsecLevel = options.minSslsecLevel ?? SSLSEC_NONE;
    this.invalidAction = options.invalidAction ?? "ignore";
    this.invalidSendAction = options.invalidAction ?? "error";
    this.droppable = options.droppable ?? false;
    this.#schema = options.schema?.["~standard"];
  }

  override parse(msg: unknown): unknown {
    if (this.#schema === undefined) return msg;
    const result = this.#schema.validate(msg) as
      | { readonly value?: unknown; readonly issues?: readonly StandardIssue[] }
      | null
      | undefined;
    // Any thenable: a promise of another realm is no instance of the Promise here, and has no issues either.
    if (typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then === "function") {
      whenRejected(result, () => {});
      throw new TypeError(
        `the schema of "${this.name}" is asynchronous; packets need one that checks at once`,
      );
    }
    const value = result?.value;
    if (result?.issues === undefined) {
      // What only says yes or no, as a type guard does, hands over nothing.
      if (value === undefined && !(typeof result === "object" && result !== null && "value" in result))
        throw this.#unusable();
      return value;
    }
    if (!Array.isArray(result.issues)) throw this.#unusable();
    const issues = result.issues.slice(0, MAX_ISSUES).map(describeIssue);
    throw new InvalidPayloadError(this.name, issues, result.issues.length - issues.length);
  }

  #unusable(): TypeError {
    return new TypeError(
      `the schema of "${this.name}" told neither a value nor issues; its validate() returns { value } or { issues: [{ message }] }`,
    );
  }
}

/** A schema that was written by hand may leave parts out; what is wrong with the payload is told all the same. */
function describeIssue(issue: StandardIssue | null | undefined): { path: string; message: string } {
  const path = [...(issue?.path ?? [])]
    .slice(0, MAX_PATH_DEPTH)
    .map((part) => describeError(typeof part === "object" ? part?.key : part))
    .join(".");
  return { path, message: describeError(issue?.message) };
}
