import { checkKnownOptions, type OptionNames } from "../config/known-options.js";
import type { Side, SslSecLevel } from "../constants.js";
import type { InvalidAction } from "./packet-rule.js";
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from "./standard-schema.js";

/** What {@link definePacket} takes. */
export interface PacketDefinitionOptions<
  Name extends string,
  Schema extends StandardSchemaV1<unknown, unknown>,
  Receiver extends Side | null,
> {
  /** Name under which both sides register it, `namespace:category.name`. */
  readonly name: Name;
  /** Type and validation of the payload: any Standard Schema, or {@link payload} for the type alone. */
  readonly schema?: Schema | undefined;
  /** Side that receives it; `null`: both. Default `null`. */
  readonly side?: Receiver | undefined;
  /** State that the connection has to be in; `null`: any. Default `STATE_ACTIVE`. */
  readonly state?: number | null | undefined;
  /** Mode that the connection has to be in; `null`: any. Default `null`. */
  readonly mode?: number | null | undefined;
  /** Connection type that is required; `null`: any. Default `null`. */
  readonly conntype?: string | null | undefined;
  /** Lowest TLS security level at which it is sent. Default `SSLSEC_NONE`. */
  readonly minSslsecLevel?: SslSecLevel | undefined;
  /**
   * What happens when a condition does not hold or a payload does not fit. Default: `sendMessage` throws, as with
   * `"error"`, and what is received is dropped, as with `"ignore"`.
   */
  readonly invalidAction?: InvalidAction | undefined;
  /** May be dropped when the peer is behind, where `net.limits.unsent.policy` is `"drop"`. Default false. */
  readonly droppable?: boolean | undefined;
  /** A fixed packet id, below 64 or above all that are given out; default: the next free one. */
  readonly id?: number | undefined;
}

const OPTIONS: OptionNames<PacketDefinitionOptions<string, StandardSchemaV1<unknown, unknown>, Side | null>> =
  {
    name: true,
    schema: true,
    side: true,
    state: true,
    mode: true,
    conntype: true,
    minSslsecLevel: true,
    invalidAction: true,
    droppable: true,
    id: true,
  };

/**
 * A packet type that server and client share: its name, conditions, and the type of its payload.
 *
 * @typeParam Input - payload as it is sent.
 * @typeParam Output - payload as handlers get it.
 * @typeParam Receiver - side that receives it.
 * @typeParam Name - its name.
 */
export class PacketDefinition<
  Input = unknown,
  Output = Input,
  Receiver extends Side | null = Side | null,
  Name extends string = string,
> {
  /** Name under which both sides register it. */
  readonly name: Name;
  /** Side that receives it; `null`: both. */
  readonly side: Receiver;
  /** Lets another copy of this package see what it is: a program may have two, and `instanceof` says no then. */
  readonly "~peng3dnet" = "definition";
  /** Everything it was made with. */
  readonly options: PacketDefinitionOptions<Name, StandardSchemaV1<unknown, Output>, Receiver>;
  /** Carries the type of what is sent; not there at run time. */
  declare readonly "~input": Input;

  constructor(options: PacketDefinitionOptions<Name, StandardSchemaV1<unknown, Output>, Receiver>) {
    checkSchema(options.schema, options.name);
    this.options = options;
    this.name = options.name;
    this.side = (options.side ?? null) as Receiver;
  }
}

/** What is no schema checks nothing: whoever gave it would believe that payloads are checked. */
function checkSchema(schema: unknown, name: string): void {
  if (schema === undefined) return;
  // Some libraries' schemas are functions.
  const standard: unknown = Object(schema)["~standard"];
  if (typeof Object(standard).validate === "function") return;
  throw new TypeError(
    `the schema of "${name}" is no Standard Schema; give one of zod from 3.24 on, valibot, arktype, or payload()`,
  );
}

/** Any packet definition. */
export type AnyPacketDefinition = PacketDefinition<unknown, unknown, Side | null, string>;
/** Payload of a definition as it is sent. */
export type PacketInput<D> = D extends { readonly "~input": infer Input } ? Input : never;
/** Payload of a definition as handlers get it. */
export type PacketOutput<D> =
  D extends PacketDefinition<unknown, infer Output, Side | null, string> ? Output : never;

/**
 * Declares a packet type once, for server and client: from it follow the payload's type in `sendMessage`,
 * `broadcast` and handlers, the checks of a SmartPacket, and the validation of what arrives.
 *
 * @throws {TypeError} if `schema` is no Standard Schema.
 * @throws {ConfigError} for an option that there is not: a `shcema` would check nothing.
 *
 * @example
 * ```ts no-run
 * import { definePacket, payload } from "@peng3dnet/protocol";
 * export const Move = definePacket({ name: "game:move", schema: payload<{ x: number; y: number }>() });
 * ```
 */
export function definePacket<
  const Name extends string,
  Schema extends StandardSchemaV1<unknown, unknown> = StandardSchemaV1<unknown, unknown>,
  const Receiver extends Side | null = null,
>(
  options: PacketDefinitionOptions<Name, Schema, Receiver>,
): PacketDefinition<SchemaInput<Schema>, SchemaOutput<Schema>, Receiver, Name> {
  checkKnownOptions("definePacket", options, OPTIONS);
  return new PacketDefinition<SchemaInput<Schema>, SchemaOutput<Schema>, Receiver, Name>(
    options as PacketDefinitionOptions<Name, StandardSchemaV1<unknown, SchemaOutput<Schema>>, Receiver>,
  );
}
