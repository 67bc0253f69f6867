import { validateHeaderName, validateHeaderValue } from "node:http";
import { ConfigError, checkKnownOptions, type OptionNames } from "@peng3dnet/core";

/** Options of {@link webSocketConnector}. */
export interface WebSocketConnectorOptions {
  /**
   * Whether a bridge from WebSocket to TCP is at the other end, such as websockify. Then no subprotocol is offered, and the stream
   * ends by closing the WebSocket. Default false.
   */
  readonly bridge?: boolean | undefined;
  /**
   * More headers of the request, by name, e.g. `{ Authorization: "Bearer …" }` for a proxy, or `Origin`. They also go to an address
   * that the server names, where a session goes on.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Names of the options of {@link webSocketConnector}. */
const OPTIONS: OptionNames<WebSocketConnectorOptions> = { bridge: true, headers: true };

/** Options that were checked. */
export interface ConnectorSettings {
  readonly bridge: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of the opening handshake itself, and such as would change where the request ends. */
const RESERVED = /^(sec-websocket-.*|connection|upgrade|content-length|transfer-encoding|trailer)$/i;

function invalid(key: string, message: string): ConfigError {
  return new ConfigError(key, `option "${key}": ${message}`);
}

function checkHeader(name: string, value: unknown): void {
  if (RESERVED.test(name))
    throw invalid("headers", `the header ${name} belongs to the opening handshake; leave it out`);
  if (typeof value !== "string") throw invalid("headers", `the header ${name} has a text as its value`);
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (error) {
    throw invalid("headers", (error as Error).message);
  }
}

/** @throws {@link ConfigError} that names the option. */
export function checkConnectorOptions(options: WebSocketConnectorOptions): ConnectorSettings {
  checkKnownOptions("webSocketConnector", options, OPTIONS);
  const { bridge = false, headers = {} } = options;
  if (typeof bridge !== "boolean") throw invalid("bridge", "it is true or false");
  // A Map and a Headers have names and values, too, but not as their properties.
  if (typeof headers !== "object" || headers === null || Symbol.iterator in headers)
    throw invalid("headers", 'it is an object of texts by name, such as { Authorization: "Bearer …" }');
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value);
  // Whoever changes theirs later changes nothing here.
  return { bridge, headers: { ...headers } };
}
