import type { Socket } from "node:net";
import type { Runnable } from "@peng3dnet/peer/transport";

/** A request for a WebSocket that waits for its turn. Once its connection is gone, it counts no more, and holds nothing of it. */
export class WaitingRequest implements Runnable {
  readonly share: string;
  #socket: Socket | undefined;
  #take: (() => void) | undefined;
  #leave: (() => void) | undefined;

  /**
   * @param share - the address that it counts for.
   * @param take - answers it.
   * @param leave - is called once it waits no more.
   */
  constructor(share: string, socket: Socket, take: () => void, leave: () => void) {
    this.share = share;
    this.#socket = socket;
    this.#take = take;
    this.#leave = leave;
    socket.once("close", this.#closed);
  }

  takeTurn(): void {
    const take = this.#take;
    this.#closed();
    take?.();
  }

  readonly #closed = (): void => {
    const leave = this.#leave;
    this.#socket?.off("close", this.#closed);
    this.#socket = undefined;
    this.#take = undefined;
    this.#leave = undefined;
    leave?.();
  };
}
