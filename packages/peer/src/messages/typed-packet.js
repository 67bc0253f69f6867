import { DefinedPacket } from "@peng3dnet/protocol";
/** A packet made from a definition, with listeners. */
export class TypedPacket extends DefinedPacket {
  #owner;
  #guard;
  #unheard;
  /** Of any owner, so that a peer of some packets or clients can stand where one of any is asked for. */
  #handlers = [];
  /** How many iterators buffer its messages. */
  iterators = 0;
  constructor(reg, peer, definition, owner, guard, unheard) {
    super(reg, peer, definition);
    this.#owner = owner;
    this.#guard = guard;
    this.#unheard = unheard;
  }
  /** Adds a handler. */
  addHandler(handler) {
    this.#handlers = [...this.#handlers, handler];
  }
  /** Removes a handler. */
  removeHandler(handler) {
    this.#handlers = this.#handlers.filter((other) => other !== handler);
  }
  receive(msg, cid) {
    const handlers = this.#handlers;
    if (handlers.length === 0) {
      this.#unheard();
      return;
    }
    const client = this.#owner(cid);
    if (client === undefined) return;
    const context = { client };
    for (const handler of handlers) {
      try {
        const result = handler(msg, context);
        if (result !== undefined) this.#guard.watch(result, this.name);
      } catch (error) {
        this.#guard.failed(error, this.name);
      }
    }
  }
}
//# sourceMappingURL=typed-packet.js.map
