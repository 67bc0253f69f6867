import {
  ConfigError,
  checkKnownOptions,
  isInstance,
  type OptionNames,
  PacketDefinition,
  type Peer,
  RequestError,
  type SchemaInput,
  type SchemaOutput,
  SIDE_CLIENT,
  SIDE_SERVER,
  type Side,
  type StandardSchemaV1,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { PeerRequests, type RequestSurroundings } from "./peer-requests.js";
import type { RequestContext } from "./request-context.js";
import { isRequestDeclaration, type RequestDeclaration } from "./request-declaration.js";

// Not the type of the same name beside it: that one could not be named where types are inferred.
/** Any schema. */
type AnySchema = StandardSchemaV1<unknown, unknown>;

/** Codes of the errors that a handler throws, each with the schema of what is told beside the message. */
export type ErrorSchemas = Readonly<Record<string, AnySchema>>;

/**
 * What an error of a request is made of besides its code: the message and the data. Both can be left out where the data may be
 * `null`.
 */
export type RequestErrorArguments<Data> = null extends Data
  ? readonly [message?: string | undefined, data?: Data | undefined]
  : readonly [message: string, data: Data];

/** What {@link defineRequest} takes. */
export interface RequestDefinitionOptions<
  Name extends string,
  Request extends AnySchema,
  Response extends AnySchema,
  Errors extends ErrorSchemas,
  Answerer extends Side | null,
> {
  /** Name of the packet that asks, `namespace:category.name`. The packet that answers is called the same with `.answer`. */
  readonly name: Name;
  /** Type and validation of what is asked: any Standard Schema, or `payload()` for the type alone. Default: anything. */
  readonly request?: Request | undefined;
  /** The same of what is answered. Default: anything. */
  readonly response?: Response | undefined;
  /** Codes of the errors that the handler throws, each with the schema of its data. Default: any codes, and any data. */
  readonly errors?: Errors | undefined;
  /** Side that answers; `null`: both. Default `null`. */
  readonly side?: Answerer | undefined;
  /** Fixed ids of the packet that asks and of the one that answers; default: the next free ones. */
  readonly ids?: readonly [request: number, answer: number] | undefined;
}

const OPTIONS: OptionNames<
  RequestDefinitionOptions<string, AnySchema, AnySchema, ErrorSchemas, Side | null>
> = { name: true, request: true, response: true, errors: true, side: true, ids: true };

/** What is no schema is refused where it is given, as that of a packet: it would be found out when a peer is made, or in a call. */
function checkParts(name: string, request: unknown, response: unknown, errors: unknown): void {
  const check = (part: string, schema: unknown): unknown =>
    new PacketDefinition({ name: `${name}: ${part}`, schema: schema as AnySchema });
  check("request", request);
  check("response", response);
  if (typeof errors !== "object" || errors === null || Array.isArray(errors))
    throw new TypeError(`the errors of "${name}" are an object with a schema for each code`);
  // A code without a schema is none that is left out: handlers who throw it would fail.
  for (const [code, schema] of Object.entries(errors)) check(`errors.${code}`, schema ?? null);
}

/** @throws {@link ConfigError}: a side that is none would let nobody answer, or everybody. */
function checkSide(name: string, side: unknown): void {
  if (side === null || side === SIDE_CLIENT || side === SIDE_SERVER) return;
  throw new ConfigError(
    "side",
    `the request "${name}": the option "side" cannot be ${describeValue(side)}; allowed: SIDE_CLIENT, SIDE_SERVER, or null for both`,
  );
}

/** What a definition knows of its types. */
export interface RequestTypes {
  /** What the caller gives. */
  readonly input: unknown;
  /** What the handler gets. */
  readonly received: unknown;
  /** What the handler returns. */
  readonly output: unknown;
  /** What the caller gets. */
  readonly answer: unknown;
  /** The errors that a handler throws. */
  readonly errors: ErrorSchemas;
}

/**
 * A request that server and client share: its name, who answers it, and the types of what is asked and answered. It goes into
 * the option `packets` as the definitions of packets do, and registers two of them.
 *
 * @typeParam Types - what is asked, answered and thrown.
 * @typeParam Answerer - side that answers.
 * @typeParam Name - its name.
 */
export class RequestDefinition<
    out Types extends RequestTypes = RequestTypes,
    out Answerer extends Side | null = Side | null,
    out Name extends string = string,
    // Its packets are not to be sent by hand: with both sides as its side, no side may.
  >
  extends PacketDefinition<unknown, unknown, Side | null, Name>
  implements RequestDeclaration
{
  /** Lets another copy of this package see what it is. */
  readonly "~request" = true;
  /** Carries the types; not there at run time. */
  declare readonly "~types": Types;
  /** Carries who answers; not there at run time. */
  declare readonly "~answerer": Answerer;
  /** Name of the packet that answers. */
  readonly answerName: string;
  /** Checks what is asked. */
  readonly request: AnySchema | undefined;
  /** Checks what is answered. */
  readonly response: AnySchema | undefined;
  /** Checks the data of errors, by code. */
  readonly errors: ErrorSchemas;
  /** Fixed id of the packet that answers. */
  readonly answerId: number | undefined;

  constructor(options: RequestDefinitionOptions<Name, AnySchema, AnySchema, ErrorSchemas, Side | null>) {
    const { name, request, response, errors = {}, side = null, ids } = options;
    checkParts(name, request, response, errors);
    checkSide(name, side);
    super({ name, side, id: ids?.[0] });
    this.answerName = `${name}.answer`;
    this.answerId = ids?.[1];
    this.request = request;
    this.response = response;
    this.errors = errors;
  }

  /**
   * Makes what carries out the requests of a peer. The definition makes it, so that a page that has no requests does not load
   * it.
   *
   * @internal
   */
  "~requests"(peer: Peer, surroundings: RequestSurroundings): PeerRequests {
    return new PeerRequests(peer, surroundings);
  }

  /**
   * An error for the handler to throw, with a code that the definition declares.
   *
   * @param told - the message, for people, which travels; and the data that the caller is told beside it. What is left out
   * is `""` and `null`: only what may be `null` can be left out.
   */
  error<Code extends keyof Types["errors"] & string>(
    code: Code,
    ...told: RequestErrorArguments<SchemaInput<Types["errors"][Code]>>
  ): RequestError<Code, SchemaInput<Types["errors"][Code]>> {
    const [message, data] = told;
    return new RequestError<Code, SchemaInput<Types["errors"][Code]>>(code, message, data);
  }

  /**
   * Whether what a request rejected with is an error that the definition declares; its code and data are typed then.
   *
   * @param code - asks for this one alone.
   */
  isError<Code extends keyof Types["errors"] & string = keyof Types["errors"] & string>(
    error: unknown,
    code?: Code,
  ): error is ErrorOf<Types["errors"], Code> {
    if (!isInstance(error, RequestError)) return false;
    return code === undefined ? Object.hasOwn(this.errors, error.code) : error.code === code;
  }
}

/** The errors of some codes, to be told apart by `code`. */
type ErrorOf<Errors extends ErrorSchemas, Code extends keyof Errors & string> = {
  [C in Code]: RequestError<C, SchemaOutput<Errors[C]>>;
}[Code];

/** Any definition of a request. */
export type AnyRequestDefinition = RequestDefinition<RequestTypes, Side | null, string>;
/** Any definition of a request that one side answers. */
export type AnsweredBy<Answerer extends Side> = AnyRequestDefinition & {
  readonly "~answerer": Answerer | null;
};
/** What is asked, as the caller gives it. */
export type RequestInput<R extends AnyRequestDefinition> = R["~types"]["input"];
/** What is asked, as the handler gets it. */
export type RequestReceived<R extends AnyRequestDefinition> = R["~types"]["received"];
/** What is answered, as the handler returns it. */
export type RequestOutput<R extends AnyRequestDefinition> = R["~types"]["output"];
/** What is answered, as the caller gets it. */
export type RequestAnswer<R extends AnyRequestDefinition> = R["~types"]["answer"];

/** Answers a request: by what it returns, by a promise of that, or by throwing a `RequestError`. */
export type RequestHandler<R extends AnyRequestDefinition, Owner> = (
  input: RequestReceived<R>,
  context: RequestContext<Owner>,
) => RequestOutput<R> | PromiseLike<RequestOutput<R>>;

/**
 * Declares a request once, for server and client: from it follow the types of `request` and of the handler that `answer`
 * takes, and the validation of what arrives on both sides.
 *
 * @throws TypeError if a schema is no Standard Schema; {@link ConfigError} for an option that there is not, and for a `side` that is
 * none.
 *
 * @example
 * ```ts no-run
 * import { defineRequest, payload, SIDE_SERVER } from "@peng3dnet/peer";
 * export const Buy = defineRequest({
 *   name: "shop:buy",
 *   request: payload<{ item: string }>(),
 *   response: payload<{ gold: number }>(),
 *   errors: { toopoor: payload<{ missing: number }>() },
 *   side: SIDE_SERVER,
 * });
 * ```
 */
export function defineRequest<
  const Name extends string,
  Request extends AnySchema = AnySchema,
  Response extends AnySchema = AnySchema,
  Errors extends ErrorSchemas = ErrorSchemas,
  const Answerer extends Side | null = null,
>(
  options: RequestDefinitionOptions<Name, Request, Response, Errors, Answerer>,
): RequestDefinition<
  {
    input: SchemaInput<Request>;
    received: SchemaOutput<Request>;
    output: SchemaInput<Response>;
    answer: SchemaOutput<Response>;
    errors: Errors;
  },
  Answerer,
  Name
> {
  checkKnownOptions("defineRequest", options, OPTIONS);
  return new RequestDefinition(options);
}

/** Whether a value is the definition of a request, of this or another copy of this package. */
export function isRequestDefinition(value: unknown): value is AnyRequestDefinition {
  return isRequestDeclaration(value);
}
