import { type Client, type CloseInfo, ConnectionLostError, type Server } from "@peng3dnet/core";
import { expectPeerFault, expectThat } from "../finding.js";

/** Errors that handlers or the library's own code threw: there must be none. */
export function failuresOf(peer: Server | Client): Error[] {
  const failures: Error[] = [];
  const note = (error: unknown): void => {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  };
  // Both classes have the event; their maps differ otherwise.
  (peer as Server).on("handlerError", note);
  return failures;
}

/** A connection is closed once, for a documented reason. */
export function expectClosed(closes: readonly CloseInfo[], input: () => string): void {
  expectThat(closes.length === 1, () => `closed ${closes.length} times: ${input()}`);
  const { error, reason } = closes[0] as CloseInfo;
  if (error === undefined || error instanceof ConnectionLostError) return;
  expectPeerFault(error, input);
  expectThat(error.closeReason === reason, () => `reason ${reason} for ${error.code}: ${input()}`);
}
