import { IncomingMessage } from "node:http";

/** Longest values of {@link decisive} that a request may have that has to wait, in characters together. */
export const LONGEST_DECISIVE = 4096;

/** Headers that decide on a request without a function of the application. */
const DECISIVE = [
  "host",
  "origin",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "upgrade",
] as const;

type Decisive = (typeof DECISIVE)[number];

const BY_LENGTH = new Map<number, Decisive[]>();
for (const name of DECISIVE) BY_LENGTH.set(name.length, [...(BY_LENGTH.get(name.length) ?? []), name]);

function decisiveName(raw: string): Decisive | undefined {
  const names = BY_LENGTH.get(raw.length);
  if (names === undefined) return undefined;
  const lower = raw.toLowerCase();
  return names.find((name) => name === lower);
}

/**
 * A copy of a request for a WebSocket with no more than what decides on it. Two thousand short headers take Node half a millisecond once
 * anybody looks at `headers`, and more than a hundred kilobytes for as long as the request waits.
 */
export function decisive({ socket, method, rawHeaders }: IncomingMessage): IncomingMessage {
  const copy = new IncomingMessage(socket);
  copy.method = method;
  const { headers } = copy;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = decisiveName(rawHeaders[at] as string);
    if (name === undefined) continue;
    const value = rawHeaders[at + 1] as string;
    const former = headers[name];
    // As Node does with those that come more than once.
    if (former === undefined) headers[name] = value;
    else if (name !== "host") headers[name] = `${former}, ${value}`;
  }
  return copy;
}

/** Whether what decides on a request is too long to be kept while it waits. */
export function tooLongToWait({ headers }: IncomingMessage): boolean {
  let length = 0;
  for (const name of DECISIVE) length += headers[name]?.length ?? 0;
  return length > LONGEST_DECISIVE;
}

/** All values of a header of a request, as Node joins them; `undefined`: it has none. @param name - in lower case. */
export function joinedHeader(
  { rawHeaders }: Pick<IncomingMessage, "rawHeaders">,
  name: string,
): string | undefined {
  const values = rawHeaders.filter(
    (_value, at) =>
      at % 2 === 1 &&
      rawHeaders[at - 1]?.length === name.length &&
      rawHeaders[at - 1]?.toLowerCase() === name,
  );
  return values.length === 0 ? undefined : values.join(", ");
}
