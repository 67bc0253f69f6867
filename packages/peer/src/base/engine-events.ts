import { ConfigError } from "@peng3dnet/protocol";
import type { EngineLike } from "./engine.js";
import type { HandlerGuard } from "./handler-guard.js";

/** Which side sends an event: a part of the names of its events, and the key under which their data has the peer. */
export type PeerKind = "server" | "client";

/**
 * Begins or stops to send events.
 *
 * @param events - `undefined`: there is no engine.
 * @param enable - `net.events.enable`; `"auto"`: if there is an engine.
 * @throws {@link ConfigError} if events are wanted and there is no engine.
 */
export function enableEvents(events: EngineEvents | undefined, enable: boolean | "auto"): void {
  if (events !== undefined) events.enable(enable);
  else if (enable === true) {
    throw new ConfigError(
      "net.events.enable",
      'config option "net.events.enable" is true, but no engine or event bus was passed as peng',
    );
  }
}

/** Sends the events of a server or client to its engine or event bus, if there is one. */
export class EngineEvents {
  readonly #kind: PeerKind;
  readonly #peer: object;
  readonly #engine: EngineLike;
  readonly #guard: HandlerGuard;
  #bus: EngineLike | undefined = undefined;

  constructor(kind: PeerKind, peer: object, engine: EngineLike, guard: HandlerGuard) {
    this.#kind = kind;
    this.#engine = engine;
    this.#peer = peer;
    this.#guard = guard;
  }

  /** Begins or stops to send events. @param enable - `net.events.enable`. */
  enable(enable: boolean | "auto"): void {
    this.#bus = enable === false ? undefined : this.#engine;
  }

  /** Whether events are sent. */
  get enabled(): boolean {
    return this.#bus !== undefined;
  }

  /**
   * Sends an event. The engine and the peer are added to its data, and win over it.
   *
   * @param event - the name; without a colon it stands behind `peng3dnet:server.` or `peng3dnet:client.`.
   */
  send(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (this.#bus !== undefined) this.#sendOn(this.#bus, event, data);
  }

  /** A method of its own: what a closure needs is made when the method begins that has it, be it called or not. */
  #sendOn(bus: EngineLike, event: string, data: Readonly<Record<string, unknown>>): void {
    const name = event.includes(":") ? event : `peng3dnet:${this.#kind}.${event}`;
    const own = { peng: this.#engine, [this.#kind]: this.#peer };
    // They stand first, and win.
    this.#guard.run(name, () => bus.sendEvent(name, { ...own, ...data, ...own }));
  }

  /** Whether anybody would hear an event. */
  hears(event: string): boolean {
    const bus = this.#bus;
    if (bus === undefined) return false;
    try {
      if (bus.hasListeners === undefined) return true;
      const heard: unknown = bus.hasListeners(event);
      if (typeof heard !== "boolean") this.#guard.watch(heard, event);
      return Boolean(heard);
    } catch (error) {
      this.#guard.failed(error, event);
      return false;
    }
  }
}
