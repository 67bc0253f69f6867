import type { CloseInfo } from "@peng3dnet/protocol";
import { AskedRequests } from "./asked-requests.js";
import type { RequestCarrier } from "./request-carrier.js";
import { RunningRequests } from "./running-requests.js";

/** A session, as requests see it. */
export interface RequestSession extends RequestCarrier {
  /** Requests that are under way; `undefined`: there never was one. */
  requests: ConnectionRequests | undefined;
}

/** The requests of one connection that are under way: those of this side, and those of the other one. */
export class ConnectionRequests {
  /** Those of this side, which wait for an answer. */
  readonly asked: AskedRequests;
  /** Those of the other side, which handlers work on. */
  readonly running: RunningRequests;

  private constructor(session: RequestCarrier) {
    this.asked = new AskedRequests(session);
    this.running = new RunningRequests(session);
  }

  /** Those of a connection. Made with the first request: most connections never have one. */
  static of(session: RequestSession): ConnectionRequests {
    session.requests ??= new ConnectionRequests(session);
    return session.requests;
  }

  /** Another program goes on with the connection. */
  leave(): void {
    this.asked.leave();
    this.running.leave();
  }

  /** The connection is closed: no answer can come, and nobody waits for one. */
  end(info: CloseInfo): void {
    this.asked.end(info);
    this.running.end(info);
  }
}
