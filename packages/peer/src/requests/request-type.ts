import {
  type ConnectionContext,
  checkSent,
  DefinedPacket,
  definePacket,
  escapeText,
  type PacketRegistry,
  type Peer,
  payload,
  quoteText,
  RequestError,
  whenRejected,
} from "@peng3dnet/protocol";
import type { HandlerGuard } from "../base/handler-guard.js";
import type { Observation } from "../observing/observation.js";
import type { HandlersHold } from "./handlers-hold.js";
import type { AnySchema, RequestDeclaration } from "./request-declaration.js";

function ignore(): void {}

/** Whether a schema is one of `payload()`, which has nothing to check. */
function takesAnything(schema: AnySchema): boolean {
  return schema["~standard"].vendor === payload()["~standard"].vendor;
}

/** Checks values by a schema as payloads of packets are checked, for a part of a packet's body. */
class PartCheck {
  /** A packet that is not registered: it has the schema, and the errors are those of any packet. */
  readonly #packet: DefinedPacket;
  readonly #name: string;

  constructor(registry: PacketRegistry, peer: Peer, name: string, schema: AnySchema) {
    this.#name = name;
    this.#packet = new DefinedPacket(registry, peer, definePacket({ name, schema }));
  }

  /** What the schema makes of what was received. @throws {@link InvalidPayloadError}, TypeError for an asynchronous schema. */
  received(value: unknown): unknown {
    return this.#packet.parse(value);
  }

  /** Checks what is about to be sent. @throws {@link InvalidPayloadError}, {@link EncodeError}. */
  sent(context: ConnectionContext, value: unknown): void {
    if (!context.validateSent) return;
    whenRejected(checkSent(context, { name: this.#name, obj: this.#packet }, value), ignore);
  }
}

/** Most characters of an error's message that are taken from a peer. */
const MAX_MESSAGE = 1000;

/** An error that a peer answered a request with. */
export function requestError(name: string, code: string, message: string, data: unknown): RequestError {
  const said = escapeText(message, MAX_MESSAGE);
  return new RequestError(
    code,
    said === "" ? `"${name}" was answered with the error ${quoteText(code)}` : said,
    data,
  );
}

/** A handler of any request. */
export type AnyHandler = (input: unknown, context: never) => unknown;

/** What a type of requests shares with the others of its peer. */
export interface TypeSurroundings {
  readonly registry: PacketRegistry;
  readonly guard: HandlerGuard;
  readonly observation: Observation;
}

/** The same, and what the requests of a peer share by themselves. */
export interface TypeShares extends TypeSurroundings {
  /** What handlers hold. */
  readonly held: HandlersHold;
}

/** A request that a peer knows: how its parts are checked, and who answers it. */
export class RequestType {
  readonly definition: RequestDeclaration;
  /** Name of the packet that asks. */
  readonly name: string;
  /** Name of the packet that answers. */
  readonly answerName: string;
  readonly input: PartCheck | undefined;
  readonly output: PartCheck | undefined;
  /** What answers it on this side. */
  handler: AnyHandler | undefined = undefined;
  readonly guard: HandlerGuard;
  /** Who looks on. */
  readonly observation: Observation;
  /** What handlers hold, of all requests of the peer. */
  readonly held: HandlersHold;
  readonly #errors: ReadonlyMap<string, PartCheck | undefined>;

  constructor(
    { registry, guard, observation, held }: TypeShares,
    peer: Peer,
    definition: RequestDeclaration,
  ) {
    const { name, answerName, request, response, errors } = definition;
    this.definition = definition;
    this.name = name;
    this.answerName = answerName;
    this.guard = guard;
    this.observation = observation;
    this.held = held;
    const check = (of: string, schema: AnySchema | undefined): PartCheck | undefined =>
      schema === undefined || takesAnything(schema) ? undefined : new PartCheck(registry, peer, of, schema);
    this.input = check(name, request);
    this.output = check(answerName, response);
    this.#errors = new Map(Object.entries(errors).map(([code, schema]) => [code, check(answerName, schema)]));
  }

  /** Whether the definition declares a code of errors. */
  declares(code: string): boolean {
    return this.#errors.has(code);
  }

  /** What a caller gets of what was answered. @throws {@link InvalidPayloadError} if it does not fit its schema. */
  answered(value: unknown): unknown {
    return this.output === undefined ? value : this.output.received(value);
  }

  /** The error that a caller gets for one that was answered. @throws {@link InvalidPayloadError} if its data do not fit. */
  refused(code: string, message: string, data: unknown): RequestError {
    const check = this.dataOf(code);
    return requestError(this.name, code, message, check === undefined ? data : check.received(data));
  }

  /** Checks the data of errors of a code; `undefined`: anything will do. */
  dataOf(code: string): PartCheck | undefined {
    return this.#errors.get(code);
  }
}
