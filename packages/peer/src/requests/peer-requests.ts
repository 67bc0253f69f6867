import { AlreadyRegisteredError, type Peer, quoteText } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import type { WaitOptions } from "../time/wait-options.js";
import { notSent } from "./asked-requests.js";
import { ConnectionRequests, type RequestSession } from "./connection-requests.js";
import { HandlersHold } from "./handlers-hold.js";
import { askObserved } from "./observed-requests.js";
import { rejected } from "./rejected.js";
import {
  isRequestDeclaration,
  noRequest,
  type RequestDeclaration,
  unknownRequest,
} from "./request-declaration.js";
import { AnswerPacket, RequestPacket, type SessionOf } from "./request-packets.js";
import { type AnyHandler, RequestType, type TypeSurroundings } from "./request-type.js";

/** What a peer's requests need of it. */
export interface RequestSurroundings extends TypeSurroundings {
  readonly sessionOf: SessionOf;
}

/** The requests that a peer knows, and what answers them. */
export class PeerRequests {
  readonly #peer: Peer;
  readonly #surroundings: RequestSurroundings;
  readonly #types = new Map<RequestDeclaration, RequestType>();
  readonly #held = new HandlersHold();
  readonly #byName = new Map<string, RequestType>();

  constructor(peer: Peer, surroundings: RequestSurroundings) {
    this.#peer = peer;
    this.#surroundings = surroundings;
  }

  /**
   * Registers the two packets of a request; one that is registered already is left as it is.
   *
   * @throws {@link AlreadyRegisteredError} if a name or an id is taken, {@link RegistryError}.
   */
  register(definition: RequestDeclaration): RequestType {
    const known = this.#types.get(definition);
    if (known !== undefined) return known;
    const { registry, sessionOf } = this.#surroundings;
    const type = new RequestType({ ...this.#surroundings, held: this.#held }, this.#peer, definition);
    const { name, answerName, answerId, options } = definition;
    registry.register(new RequestPacket(registry, this.#peer, type, sessionOf), name, options.id);
    try {
      registry.register(new AnswerPacket(registry, this.#peer, type, sessionOf), answerName, answerId);
    } catch (error) {
      registry.deleteObj(name);
      throw error;
    }
    this.#types.set(definition, type);
    this.#byName.set(name, type);
    return type;
  }

  /**
   * Says what answers a request.
   *
   * @throws {@link AlreadyRegisteredError} if something does already, TypeError if there is no handler.
   */
  answer(definition: RequestDeclaration, handler: AnyHandler): void {
    if (!isRequestDeclaration(definition)) throw noRequest(definition);
    if (typeof handler !== "function")
      throw new TypeError(`a handler is a function, and not ${describeValue(handler)}`);
    const { side } = definition.options;
    if (side !== null && side !== this.#peer.side) {
      throw new TypeError(
        `${quoteText(definition.name)} is answered by the other side, as its option side says, and not by this one`,
      );
    }
    const type = this.register(definition);
    if (type.handler !== undefined) {
      throw new AlreadyRegisteredError(
        `${quoteText(type.name)} has a handler already; a request has one answer, so let one handler decide`,
      );
    }
    type.handler = handler;
  }

  /** Sends a request. @returns what becomes of it. */
  ask(
    definition: RequestDeclaration,
    input: unknown,
    options: WaitOptions | undefined,
    session: RequestSession,
  ): Promise<unknown> {
    let type: RequestType;
    try {
      type = this.asking(definition);
    } catch (error) {
      return rejected(error);
    }
    const { asked } = ConnectionRequests.of(session);
    if (this.#surroundings.observation.requests === undefined) return asked.ask(type, input, options);
    return askObserved(asked, type, input, options, session);
  }

  /**
   * A request that the other side is asked.
   *
   * @throws {@link NotRegisteredError} if it is not known; TypeError if it is none, or answered by this side.
   */
  asking(definition: RequestDeclaration): RequestType {
    const type = this.#types.get(definition);
    if (type === undefined) throw unknownRequest(definition);
    if (definition.options.side !== this.#peer.side) return type;
    throw new TypeError(
      `${quoteText(type.name)} is answered by this side, as its option side says, and cannot be asked of the other one`,
    );
  }

  /** The request with a name, if it is known. */
  named(name: string): RequestType | undefined {
    return this.#byName.get(name);
  }

  /** What becomes of a request for which there is no connection. @param error - why there is none. */
  notAsked(definition: RequestDeclaration, error: unknown): Promise<never> {
    const type = this.#types.get(definition);
    return rejected(type === undefined ? unknownRequest(definition) : notSent(type, error));
  }
}
