import {
  isDefinition,
  NotRegisteredError,
  type PacketDefinition,
  quoteText,
  type Side,
  type StandardSchemaV1,
} from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";

/** Any schema. */
export type AnySchema = StandardSchemaV1<unknown, unknown>;

/** The definition of a request, as what carries requests out sees it: without the types of what is asked and answered. */
export interface RequestDeclaration extends PacketDefinition<unknown, unknown, Side | null, string> {
  /** Lets another copy of this package see what it is. */
  readonly "~request": true;
  /** Name of the packet that answers. */
  readonly answerName: string;
  /** Checks what is asked. */
  readonly request: AnySchema | undefined;
  /** Checks what is answered. */
  readonly response: AnySchema | undefined;
  /** Checks the data of errors, by code. */
  readonly errors: Readonly<Record<string, AnySchema>>;
  /** Fixed id of the packet that answers. */
  readonly answerId: number | undefined;
}

/** Whether a value is the definition of a request, of this or another copy of this package. */
export function isRequestDeclaration(value: unknown): value is RequestDeclaration {
  return isDefinition(value) && (value as Partial<RequestDeclaration>)["~request"] === true;
}

/** What is thrown for a request that is not registered. */
export function unknownRequest(definition: unknown): Error {
  if (!isRequestDeclaration(definition)) return noRequest(definition);
  return new NotRegisteredError(
    `${quoteText(definition.name)} is not registered; list it in the option packets of both sides`,
  );
}

/** What is thrown for a value that is the definition of no request. */
export function noRequest(value: unknown): TypeError {
  return new TypeError(
    `a request is given here as its definition, from defineRequest, and not as ${describeValue(value)}`,
  );
}

/**
 * Refuses the definition of a request where a packet is sent: JavaScript lets it pass, and the other side would drop what is no body of
 * a request. It looks at one field, since it stands in the way of each packet.
 *
 * @throws TypeError
 */
export function checkNoRequest(ptype: unknown): void {
  if (typeof ptype !== "object" || (ptype as Partial<RequestDeclaration> | null)?.["~request"] !== true)
    return;
  const { name } = ptype as RequestDeclaration;
  throw new TypeError(`${quoteText(name)} is a request, and no packet to send; make it with request()`);
}
