import type { ConnectionContext } from "../connection/connection-context.js";
import type { EncodingContext } from "../packets/encode-packet.js";
import { PROTOVERSION, VERSION } from "../version.js";
import { type Extensions, withExtensions } from "./extensions.js";

/**
 * The packets of the handshake but the registry, as bytes: most connections of a peer send the same ones, which are encoded
 * once. Nobody may change the bytes.
 *
 * @packageDocumentation
 */

/** What the connections of a peer share to encode these packets. */
type GreetingContext = EncodingContext & Pick<ConnectionContext, "greeting" | "acceptance">;

/** The hello of a server. @param declared - what it declares of extensions; `undefined`: nothing. */
export function encodeHello(
  context: GreetingContext,
  id: number,
  declared: Extensions | undefined,
): Uint8Array {
  const known = context.greeting.find(id, "", declared);
  if (known !== undefined) return known;
  const body = withExtensions({ version: VERSION, protoversion: PROTOVERSION }, declared);
  return context.greeting.encode(context, id, "", declared, body);
}

/** The settype of a client. @param declared - as in {@link encodeHello}. */
export function encodeSettype(
  context: GreetingContext,
  id: number,
  conntype: string,
  declared: Extensions | undefined,
): Uint8Array {
  const known = context.greeting.find(id, conntype, declared);
  if (known !== undefined) return known;
  return context.greeting.encode(context, id, conntype, declared, withExtensions({ conntype }, declared));
}

/** What a client answers when it has taken over the registry. */
export function encodeAccept(context: GreetingContext, id: number): Uint8Array {
  const known = context.acceptance.find(id, "", undefined);
  return known ?? context.acceptance.encode(context, id, "", undefined, { success: true });
}
