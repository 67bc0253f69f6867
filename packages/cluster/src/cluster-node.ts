import {
  type AnsweredBy,
  type AnyPacketDefinition,
  type AnyRequestDefinition,
  type ClientOf,
  type ClientOnServer,
  ConnectionClosedError,
  checkWait,
  Deferred,
  type NameSentTo,
  OBSERVED,
  type ObservableNode,
  type PacketRef,
  type PayloadOf,
  type RequestAnswer,
  type RequestInput,
  type SentTo,
  type SIDE_CLIENT,
  type UntypedPacket,
  type WaitOptions,
} from "@peng3dnet/peer";
import { checkNodeEvent, type NodeEvents, type NodeInfo } from "./events.js";
import { ClusterGroup } from "./groups/cluster-group.js";
import type { NodeMetrics } from "./metrics.js";
import type { NodeCore } from "./node-core.js";
import { isMemberEvent } from "./presence/member.js";
import { cut, errorOf, isErrorCode } from "./requests/answers.js";
import { DEFAULT_TIMEOUT } from "./requests/asked.js";
import { KICK, REQUEST, SEND } from "./wire/messages.js";
import { checkGroupName, cidOf, peerIdOf, readPeerId } from "./wire/names.js";

/** Bodies of answers that have none. */
const NOTHING = { flags: 0, bytes: new Uint8Array(0) };

/**
 * A server as one of several that look like one: what {@link joinCluster} returns.
 *
 * @typeParam C - class of the server's clients.
 * @typeParam D - packets that the server declared.
 */
export class ClusterNode<
  out C extends ClientOnServer = ClientOnServer,
  out D extends AnyPacketDefinition = AnyPacketDefinition,
> implements AsyncDisposable, ObservableNode
{
  /** Its id: its name, and an epoch that is a new one each time it joins. */
  readonly id: string;
  readonly #core: NodeCore;

  /** For {@link joinCluster}. @internal */
  constructor(core: NodeCore) {
    this.id = core.id;
    this.#core = core;
  }

  /** Its name. */
  get name(): string {
    return this.id.slice(0, this.id.indexOf("~"));
  }

  /** Whether it has left. */
  get left(): boolean {
    return this.#core.left;
  }

  /** The other nodes that are there, by id; none once this one has left. */
  get nodes(): ReadonlyMap<string, NodeInfo> {
    return new Map(
      [...this.#core.others].map(([id, { name, advertised, clients }]) => [
        id,
        { id, name, advertised, clients },
      ]),
    );
  }

  /**
   * How many clients all nodes have together, e.g. for the answer to pings: those of this node now, and those of the others at their
   * last beat. Who is still in the handshake does not count. Once this node has left, it is how many it has itself.
   */
  get clientCount(): number {
    const { clients, others } = this.#core;
    let sum = clients;
    for (const node of others.values()) sum += node.clients;
    return sum;
  }

  /** Counters. */
  get metrics(): NodeMetrics {
    const { counters, asked, served, others, shared } = this.#core;
    return {
      ...counters,
      requestsWaiting: asked.size,
      requestsRunning: served.size,
      nodes: others.size,
      groups: shared.size,
    };
  }

  /** For {@link observe}. */
  get [OBSERVED](): ObservableNode[typeof OBSERVED] {
    const core = this.#core;
    return { add: (observer) => core.observation.add(observer), census: () => core.census() };
  }

  /**
   * Resolves once the bus has what this node published and subscribed to before this call, and each of the other `nodes` has
   * heard which groups have members here: what they send to these from then on reaches the members.
   *
   * While the bus is away it waits. Another node that is silent holds it up until that is taken for dead, after the
   * option `timeout` of {@link joinCluster}.
   *
   * @throws {@link TimedOutError}, {@link AbortedError}, as `options` say; {@link BusAwayError} if the connection to the broker breaks
   * before that has answered, so that nobody knows what it has; {@link BusClosedError} if the node has left, or leaves meanwhile. A promise
   * that nobody awaits never ends the process.
   */
  flush(options: WaitOptions = {}): Promise<void> {
    const promise = this.#flush(options);
    promise.catch(() => {});
    return promise;
  }

  async #flush(options: WaitOptions): Promise<void> {
    const { clock } = this.#core;
    const flushed = new Deferred<void>(clock);
    const abort = new AbortController();
    this.#core.flush(abort.signal).then(
      () => flushed.settle(),
      (error: Error) => flushed.fail(error),
    );
    try {
      await flushed.wait(options, "the flush of the node");
    } finally {
      abort.abort();
    }
  }

  /**
   * Leaves the cluster, as it does by itself when its server stops. Clients stay connected; groups are those of this server
   * alone then. Requests to clients of other nodes that wait are rejected. Further calls do nothing more.
   */
  leave(): Promise<void> {
    return this.#core.leave();
  }

  /** Leaves, as {@link ClusterNode.leave}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  /** Calls `listener` on each event. */
  on<K extends keyof NodeEvents>(event: K, listener: (...args: NodeEvents[K]) => unknown): this {
    checkNodeEvent(event);
    // First, since whoever is there already has no event.
    if (isMemberEvent(event)) this.#core.presence.begin();
    this.#core.events.add(event, listener);
    return this;
  }

  /** Stops calling `listener`. */
  off<K extends keyof NodeEvents>(event: K, listener: (...args: NodeEvents[K]) => unknown): this {
    this.#core.events.remove(event, listener);
    return this;
  }

  /**
   * The group with a name, a set of clients of all nodes. It is there for use at once, also if it has no members yet.
   *
   * @throws TypeError if the name is no text, or has more than 128 bytes of UTF-8.
   */
  group(name: string): ClusterGroup<ClientOf<C, D>, D> {
    checkGroupName(name);
    return new ClusterGroup<ClientOf<C, D>, D>(name, this.#core.shared as never);
  }

  /**
   * Says something of a client of this node that all nodes may know, such as a name to show: what
   * {@link ClusterGroup.members} and its events tell as `presence`, in each of its groups. It replaces what was said before.
   *
   * @param client - the client, or its cid.
   * @param presence - what msgpack can hold, 1,024 bytes encoded at most; `null`: nothing.
   * @returns whether the client is there.
   * @throws {@link EncodeError} for what cannot be encoded, or is nested deeper than 8 or has more than 256 elements; TypeError if
   * it is too long.
   */
  setPresence(client: ClientOnServer | number, presence: unknown): boolean {
    return this.#core.presence.own.set(client, presence);
  }

  // ---- single clients -------------------------------------------------------------------------------

  /** The id that all nodes know a client of this node by. @param client - the client, or its cid. */
  idOf(client: ClientOnServer | number): string {
    return peerIdOf(this.id, cidOf(client));
  }

  /**
   * Sends a packet to a client of any node. To one of another node, it is sent if the client is there when it comes, and nobody
   * learns if it was not: ask a request where that matters.
   *
   * @param peer - what `idOf` of its node returned.
   * @throws as `server.sendMessage` for a client of this node. For others what `server.broadcast` throws;
   * {@link ConnectionClosedError} if the node is not there; {@link BusError} if it could not be published.
   */
  send<P extends NameSentTo<D, typeof SIDE_CLIENT> | SentTo<typeof SIDE_CLIENT> | UntypedPacket>(
    peer: string,
    ptype: P,
    data: PayloadOf<D, P>,
  ): void;
  send(peer: string, ptype: PacketRef, data: unknown): void {
    const { node, cid } = checkPeer(peer);
    const core = this.#core;
    if (node === this.id) {
      core.server.sendMessage(ptype as number, data, cid);
      return;
    }
    if (core.isThere(node) === false)
      throw new ConnectionClosedError("the node of the client is gone; nothing can be sent", null);
    const { name, body } = core.host.encode(ptype, data);
    const { flags, bytes } = body;
    core.publishTo(node, SEND.write({ from: this.id, cid, name, flags }, bytes));
  }

  /**
   * Asks a client of any node, and waits for its answer: 10 seconds, unless `options` say otherwise. Giving up fires the
   * `signal` of the handler. A promise that nobody awaits never ends the process.
   *
   * @param peer - what `idOf` of its node returned.
   * @throws as `server.request`, by the promise. Where the node of the client is gone, or a message to or from it was lost, it is
   * {@link RequestClosedError}, whose `outcome` says whether the request may have been carried out.
   */
  request<R extends AnsweredBy<typeof SIDE_CLIENT>>(
    peer: string,
    request: R,
    input: RequestInput<R>,
    options?: WaitOptions,
  ): Promise<RequestAnswer<R>>;
  request(
    peer: string,
    request: AnyRequestDefinition,
    input: unknown,
    options?: WaitOptions,
  ): Promise<unknown> {
    const promise = this.#request(peer, request, input, options);
    promise.catch(() => {});
    return promise;
  }

  async #request(
    peer: string,
    request: AnyRequestDefinition,
    input: unknown,
    options: WaitOptions | undefined,
  ): Promise<unknown> {
    const { node, cid } = checkPeer(peer);
    const core = this.#core;
    if (node === this.id) return core.server.request(request as never, input as never, cid, options);
    const { host } = core;
    const type = host.asking(request);
    const { name } = type;
    const { flags, bytes } = host.encodeInput(type, input);
    const followers =
      core.observation.requests &&
      core.observation.request({ name, way: "asked", other: node, trace: undefined });
    const trace = followers?.trace;
    const answered = core.asked.ask(
      {
        name,
        node,
        publish: (id, timeout) =>
          core.publishTo(node, REQUEST.write({ from: this.id, id, cid, name, flags, timeout, trace }, bytes)),
        answered: (answer) => {
          const { outcome, code, message, body = NOTHING } = answer;
          if (outcome === "answered") return type.answered(host.decode(body));
          if (outcome === "refused" && isErrorCode(code)) throw host.refused(type, code, message ?? "", body);
          throw errorOf(name, answer);
        },
      },
      options,
    );
    if (followers !== undefined) {
      answered.then(
        () => followers.ended("ok"),
        (error) => followers.ended(host.endOf(name, error)),
      );
    }
    return answered;
  }

  /**
   * Closes the connection of a client of any node.
   *
   * @param peer - what `idOf` of its node returned.
   * @param reason - what the client is told.
   * @returns once it is closed, whether it was there.
   * @throws as {@link ClusterNode.request}, by the promise.
   */
  kick(peer: string, reason: string | null = null, options: WaitOptions = {}): Promise<boolean> {
    const promise = this.#kick(peer, reason, options);
    promise.catch(() => {});
    return promise;
  }

  async #kick(peer: string, reason: string | null, options: WaitOptions): Promise<boolean> {
    const { node, cid } = checkPeer(peer);
    const core = this.#core;
    if (reason !== null && typeof reason !== "string") throw new TypeError("a reason is a string or null");
    if (node === this.id) return closeHere(core, cid, reason, options);
    // The other node closes with even less of it, as this one would.
    const told = reason === null ? null : cut(reason);
    return core.asked.ask(
      {
        name: "kick",
        node,
        publish: (id) => core.publishTo(node, KICK.write({ from: this.id, id, cid, reason: told })),
        answered: (answer) => {
          if (answer.outcome !== "kicked") throw errorOf("kick", answer);
          return answer.code === "closed";
        },
      },
      options,
    );
  }
}

/** Closes the connection of a client of this node, as another node would be asked to: whoever gave up before has nobody kicked. */
async function closeHere(
  { server, clock }: NodeCore,
  cid: number,
  reason: string | null,
  options: WaitOptions,
): Promise<boolean> {
  checkWait(options);
  const { timeout = DEFAULT_TIMEOUT, signal } = options;
  const there = server.clients.has(cid);
  const closed = new Deferred<boolean>(clock);
  if (timeout > 0 && signal?.aborted !== true) {
    server.closeConnection(cid, reason).then(
      () => closed.settle(there),
      (error: Error) => closed.fail(error),
    );
  }
  return closed.wait({ timeout, signal }, "the client to be gone");
}

/** Node and cid of a client. @throws TypeError for what is no id of one. */
function checkPeer(peer: unknown): { readonly node: string; readonly cid: number } {
  const read = readPeerId(peer);
  if (read !== undefined) return read;
  throw new TypeError(
    "a client of any node is named by the text that node.idOf(client) of its node returned",
  );
}
