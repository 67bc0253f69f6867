import {
  type Address,
  InvalidStateError,
  type PacketRegistry,
  ResumeError,
  SSLSEC_NONE,
} from "@peng3dnet/protocol";
import { ConnectionRequests } from "../requests/connection-requests.js";
import type { Session } from "../session/session.js";
import { joinPieces } from "../transport/join-pieces.js";
import type { Transport } from "../transport/transport.js";
import { KeptBytes } from "./kept-bytes.js";
import { KEEPS, type KeptClient } from "./kept-client.js";
import { readSession, type SavedSession, unreadable, writeSession } from "./saved-session.js";

/**
 * Carries the session of a `Client` from one program to the next, such as from a page to the same page when it is reloaded: the
 * option `resume.keeper`. It takes a text that {@link SessionKeeper.save} has returned in the program before, and the client goes
 * on with that session instead of beginning one.
 *
 * **The text is a secret**: whoever has it has the session, with all that the player may do, until it was used or the server does
 * not wait any more (`net.resume.window`). Keep it where only the same user's program reads it, and never log it or send it
 * anywhere. Use it once: the second program with the same text is refused (`resumeunknown`).
 *
 * A keeper is for one client.
 */
export class SessionKeeper {
  #saved: string | undefined;
  #client: KeptClient | undefined = undefined;

  /**
   * @param saved - what {@link SessionKeeper.save} returned; `undefined`: there is nothing, and the client begins a session. A text
   * that is damaged or of another version is refused when the client connects, before anything is sent.
   */
  constructor(saved?: string | undefined) {
    this.#saved = saved;
  }

  /**
   * Saves the session and gives it up here, without a word to the server: the client is closed with the reason `"saved"`. The
   * next program goes on with it; the server waits for that as long as `net.resume.window` says.
   *
   * The text has all that was accepted for sending and that the server may not have, and all that came and was not handled.
   * Packets in the buffer of `messages()` count as handled. Requests of this side fail here and are given up; those of the server
   * that are not answered are answered with `internalerror`. A text that was handed in and not used yet is returned as it is.
   *
   * @returns what the constructor takes. `undefined`: there is no session that could go on, or more waits in one
   * direction than `net.resume.bytes`; nothing has happened then.
   */
  save(): string | undefined {
    if (this.#saved !== undefined) return this.#saved;
    const { session, ticket } = this.#client ?? {};
    const kept = session?.resumption?.transport.kept;
    if (session?.resumption?.outlives !== true || ticket === undefined || kept === undefined)
      return undefined;
    if (!session.active) return undefined;
    const { resumeBytes } = session.options;
    const waiting = session.pendingInput.reduce((sum, { length }) => sum + length, 0);
    if (waiting > resumeBytes || kept.length + session.unhanded > resumeBytes) return undefined;
    session.requests?.leave();
    // What was sent for them may have ended it.
    if (!session.active) return undefined;
    // Only now: whoever is told of that may have packets processed.
    const pending = joinPieces(session.pendingInput);
    const { registry, last } = this.#client as KeptClient;
    const state = {
      connection: session.connection.saved,
      received: session.resumption.transport.received,
      lastRequest: session.requests?.asked.lastId ?? 0,
    };
    last();
    session.leave(kept);
    return writeSession({
      ...ticket,
      ...state,
      pending,
      sent: kept.end,
      kept: kept.bytes,
      packetAt: kept.packetFrom(kept.start),
      ids: new Map(Object.entries(registry.toMap())),
      lacking: registry.lacking,
    });
  }

  /**
   * @internal
   * @returns what has the client go on with what was saved, once. It throws a {@link ResumeError} if that cannot be.
   */
  [KEEPS](client: KeptClient): () => void {
    if (this.#client !== undefined)
      throw new InvalidStateError("a keeper is for one client; make another one for another client");
    this.#client = client;
    return () => {
      const text = this.#saved;
      this.#saved = undefined;
      if (text !== undefined) goOn(client, text);
    };
  }
}

function goOn(client: KeptClient, text: string): void {
  const saved = readSession(text);
  if (saved.connection.conntype !== client.conntype)
    throw unreadable("the saved session has another connection type than the client");
  client.restore(saved, noTransport(client.address), (session) => fill(session, client.registry, saved));
}

/** Stands for the line until there is one. A session that waits for that uses nothing of it but what it tells of itself. */
function noTransport(remoteAddress: Address): Transport {
  const nothing = (): void => {};
  return {
    remoteAddress,
    socket: undefined,
    reusesChunks: false,
    sslSeclevel: SSLSEC_NONE,
    busy: false,
    backlog: 0,
    start: nothing,
    write: () => true,
    end: nothing,
    destroyAfterWrite: nothing,
    destroy: nothing,
    pause: nothing,
    resume: nothing,
  };
}

/** @throws {@link ResumeError} if the packets of this program are not those that the session was begun with. */
function checkNames(registry: PacketRegistry, { ids }: SavedSession): void {
  const names = Object.keys(registry.toMap());
  if (names.length === ids.size && names.every((name) => ids.has(name))) return;
  throw new ResumeError(
    "the saved session has other packets than this program, e.g. since there is a new version of it; connect without it",
    "resumeregistry",
  );
}

function fill(session: Session, registry: PacketRegistry, saved: SavedSession): void {
  const { connection, received, pending, sent, kept, packetAt, lastRequest, ids, lacking } = saved;
  // The packets of the protocol are there only once a session was made.
  checkNames(registry, saved);
  const start = sent - kept.length;
  const bytes = new KeptBytes(start);
  if (packetAt > start) bytes.append(kept.subarray(0, packetAt - start), false);
  if (packetAt < sent) bytes.append(packetAt > start ? kept.subarray(packetAt - start) : kept, true);
  try {
    if (session.resumption === undefined) throw new InvalidStateError("sessions are not resumed here");
    session.restore(connection, received, bytes, pending);
    registry.restore(ids, lacking);
  } catch (error) {
    throw unreadable("the saved session does not fit this client", error);
  }
  if (lastRequest > 0) ConnectionRequests.of(session).asked.lastId = lastRequest;
}
