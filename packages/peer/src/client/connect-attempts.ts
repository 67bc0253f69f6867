import { type CloseInfo, ConnectError, describeError, ResumeError } from "@peng3dnet/protocol";
import type { PeerParts } from "../base/peer-parts.js";
import type { Transport } from "../transport/transport.js";
import { AttemptEnd } from "./attempt-end.js";
import type { ClientEvents } from "./client-options.js";
import type { Dialling } from "./dialling.js";
import { Pause } from "./pause.js";
import type { Reconnecting } from "./reconnecting.js";

/** What attempts to connect need of the sessions that they are made for. */
export interface AttemptedSessions {
  /** The session of the moment: where there is one, nothing is attempted. */
  readonly session: object | undefined;
  /** Says when another attempt is made; `undefined`: none is. */
  readonly reconnecting: Reconnecting | undefined;
  /** Whether there was a session that was active. */
  readonly everActive: boolean;
  /** Begins a session over a transport. @param spent - seconds of its handshake that are over. */
  begin(transport: Transport, spent: number): { crashed(error: unknown): void };
  /**
   * An attempt failed, or the pause before it.
   *
   * @returns what it failed with, if another one follows. @throws the error, if none does.
   */
  failed(error: Error, tried: boolean): CloseInfo;
}

/** The attempts of a client to connect, one after another, with pauses between them. */
export class ConnectAttempts {
  readonly #sessions: AttemptedSessions;
  readonly #dialling: Dialling;
  readonly #parts: PeerParts;
  /** Ends the attempt, or the pause before one, that is under way; `undefined`: none is. */
  #attempt: AttemptEnd | undefined = undefined;
  /** Makes the error that says why nothing is to be opened any more; `undefined`: something may be. */
  #endedBy: (() => Error) | undefined = undefined;
  /** Waits before another attempt; made with the first pause. */
  #pausing: Pause | undefined = undefined;

  constructor(sessions: AttemptedSessions, dialling: Dialling, parts: PeerParts) {
    this.#sessions = sessions;
    this.#dialling = dialling;
    this.#parts = parts;
  }

  /** Whether nothing is to be opened any more. */
  get over(): boolean {
    return this.#endedBy !== undefined;
  }

  /** Nothing is to be opened any more, and what is being opened is given up. @param why - makes the error that says so. */
  end(why: () => Error): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = why;
    this.#attempt?.giveUp(why());
  }

  /** There is a session, be it over a transport that somebody has handed in: there is no more to wait for. */
  began(): void {
    this.#pausing?.end();
  }

  /** Connects, and where another attempt may follow, does so until one succeeds. @param failed - what ended before. */
  async untilUp(failed: CloseInfo | undefined): Promise<void> {
    const sessions = this.#sessions;
    for (let before = failed; ; ) {
      let tried = false;
      try {
        if (before !== undefined) await this.#pause(before);
        tried = true;
        if (sessions.session === undefined) await this.#try();
        return;
      } catch (error) {
        before = sessions.failed(error as Error, tried);
      }
    }
  }

  /** The end of an attempt, or of the pause before one. It is given up if nothing is to be opened any more. */
  #begin(): AttemptEnd {
    const attempt = new AttemptEnd();
    if (this.#endedBy !== undefined) attempt.giveUp(this.#endedBy());
    this.#attempt = attempt;
    return attempt;
  }

  async #try(): Promise<void> {
    const { clock, platform } = this.#parts;
    const sessions = this.#sessions;
    const end = this.#begin();
    const made: ReturnType<AttemptedSessions["begin"]>[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        const dialling = this.#dialling.dial(end, (transport, connected = clock.now()) => {
          made.push(this.#use(transport, connected, end));
        });
        dialling.then(resolve, reject);
        // What it rejects with when it is given up comes first; but it may never say anything.
        end.whenGivenUp((reason) => platform.yield(() => reject(reason)));
      });
    } catch (error) {
      // What a connector says of a connection that it has handed over ends that connection, but no other one.
      made[0]?.crashed(error);
      if (made.length > 0 && sessions.reconnecting !== undefined) return;
      throw error;
    } finally {
      if (this.#attempt === end) this.#attempt = undefined;
    }
    if (made.length === 0 && sessions.session === undefined)
      throw new ConnectError(
        "the connector ended without a connection; it has to call established() or to reject",
      );
  }

  #use(transport: Transport, connected: number, end: AttemptEnd): ReturnType<AttemptedSessions["begin"]> {
    if (end.reason) {
      // Closed between the connection and here.
      transport.destroy();
      throw end.reason;
    }
    try {
      return this.#sessions.begin(transport, (this.#parts.clock.now() - connected) / 1000);
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  /** Waits before another attempt; with nothing to connect with, until somebody hands in a transport. */
  async #pause(before: CloseInfo): Promise<void> {
    const { clock, guard, platform } = this.#parts;
    const sessions = this.#sessions;
    const end = this.#begin();
    // A listener may have ended it, or handed in a transport; and so may the next one.
    if (end.reason) throw end.reason;
    if (sessions.session !== undefined) return;
    const { attempt, seconds } = (sessions.reconnecting as Reconnecting).next();
    const dials = this.#dialling.connector !== undefined;
    if (dials) {
      // That a saved session is gone is no reason to worry anybody.
      const worth = !(before.error instanceof ResumeError);
      if (worth && !sessions.everActive && !guard.hears("retry")) {
        guard.notice(
          `the client could not connect: ${describeError(before.error ?? before.reason)}; it tries again until it can, as the option reconnect says. Listen for the event "retry" to be told instead`,
          "reconnect",
        );
      }
      const told: ClientEvents["retry"] = [{ ...before, attempt, seconds }];
      this.#parts.emit("retry", told);
      if (end.reason) throw end.reason;
      if (sessions.session !== undefined) return;
    }
    this.#pausing ??= new Pause(clock, platform);
    await this.#pausing.wait(dials ? seconds : undefined, end.signal);
  }
}
