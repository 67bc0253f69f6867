import type { ClientOnServer, ClusterHost, EncodedBody, ObservedNodeRequest, Server } from "@peng3dnet/peer";
import type { Membership } from "../nodes/membership.js";
import type { RemoteNode } from "../nodes/remote-node.js";
import type { NodeObservation } from "../observing/node-observation.js";
import type { Message } from "../wire/form.js";
import { ANSWER, GIVE_UP, KICK, PROBE, REQUEST } from "../wire/messages.js";
import { type AnswerParts, answerOf } from "./answers.js";

const NOTHING: EncodedBody = { flags: 0, bytes: new Uint8Array(0) };

/** What requests of other nodes need of this one. */
export interface ServedHost {
  readonly id: string;
  readonly host: ClusterHost;
  readonly server: Server<ClientOnServer>;
  readonly membership: Membership;
  readonly observation: NodeObservation;
  /** Most requests of other nodes that wait for an answer at a time. */
  readonly maxRequests: number;
  /** Tells a node. @throws {@link BusError} */
  publishTo(node: string, message: Uint8Array): void;
  /** A message cannot be answered. */
  refused(error: unknown, what: string): void;
}

/** The requests of other nodes to clients of this one. */
export class Served {
  readonly #host: ServedHost;
  /** Those that wait for an answer, by node and id. */
  readonly #running = new Map<string, { readonly node: string; readonly controller: AbortController }>();

  constructor(host: ServedHost) {
    this.#host = host;
  }

  /** Number of those that wait for an answer. */
  get size(): number {
    return this.#running.size;
  }

  /** Takes a message that concerns this. @returns whether it does. @throws {@link BadDataError}, {@link BusError} if it cannot be answered. */
  take(message: Message): boolean {
    switch (message.kind) {
      case REQUEST.kind: {
        const { from, id, cid, name, flags, timeout, trace } = REQUEST.read(message);
        const input = { flags, bytes: message.bytes };
        const seconds = timeout === 0 ? Number.POSITIVE_INFINITY : timeout / 1000;
        const ask = (signal: AbortSignal): Promise<unknown> =>
          this.#host.host.relay(name, input, cid, { timeout: seconds, signal });
        this.#begin(from, id, name, (signal) => this.#relay({ name, other: from, trace }, () => ask(signal)));
        return true;
      }
      case KICK.kind: {
        const { from, id, cid, reason } = KICK.read(message);
        this.#begin(from, id, "kick", () => this.#kick(cid, reason));
        return true;
      }
      case GIVE_UP.kind: {
        const { from, id } = GIVE_UP.read(message);
        this.#running.get(keyOf(from, id))?.controller.abort();
        return true;
      }
      case PROBE.kind:
        this.#probed(message);
        return true;
      default:
        return false;
    }
  }

  #begin(from: string, id: number, name: string, run: (signal: AbortSignal) => Promise<AnswerParts>): void {
    const node = this.#host.membership.heard(from);
    // Ids count up, and messages of a node come in order: what is behind comes a second time.
    if (node === undefined || (node.lastRequest !== undefined && id <= node.lastRequest)) return;
    node.lastRequest = id;
    if (this.#running.size >= this.#host.maxRequests) {
      this.#answer(from, id, name, {
        outcome: "refused",
        code: "busy",
        message:
          "as many requests of other nodes are under way on the node as may be (maxRequests of joinCluster)",
        body: this.#host.host.encodeAnswer(null),
      });
      return;
    }
    const key = keyOf(from, id);
    const controller = new AbortController();
    this.#running.set(key, { node: from, controller });
    run(controller.signal)
      .catch((error: unknown) => answerOf(error, (data) => this.#host.host.encodeAnswer(data)))
      .then((answer) => {
        this.#running.delete(key);
        // Whoever gave up has settled it.
        if (!controller.signal.aborted) this.#answer(from, id, name, answer);
      })
      .catch((error: unknown) => this.#host.refused(error, name));
  }

  async #relay(
    request: Pick<ObservedNodeRequest, "name" | "other" | "trace">,
    ask: () => Promise<unknown>,
  ): Promise<AnswerParts> {
    const answer = await this.#observed(request, ask);
    return { outcome: "answered", code: "", message: null, body: this.#host.host.encodeAnswer(answer) };
  }

  /** Asks a client, and lets those follow that who look on. What is no request here is nobody's to follow. */
  async #observed(
    request: Pick<ObservedNodeRequest, "name" | "other" | "trace">,
    ask: () => Promise<unknown>,
  ): Promise<unknown> {
    const { host, observation } = this.#host;
    const { name } = request;
    if (observation.requests === undefined || !host.knows(name)) return ask();
    const followers = observation.request({ ...request, way: "answered" });
    if (followers === undefined) return ask();
    try {
      const answer = await followers.run(ask);
      followers.ended("ok");
      return answer;
    } catch (error) {
      followers.ended(host.endOf(name, error));
      throw error;
    }
  }

  async #kick(cid: number, reason: string | null): Promise<AnswerParts> {
    const { server } = this.#host;
    if (!server.clients.has(cid)) return { outcome: "kicked", code: "absent", message: null };
    await server.closeConnection(cid, reason);
    return { outcome: "kicked", code: "closed", message: null };
  }

  #answer(
    to: string,
    id: number,
    name: string,
    { outcome, code, message, body = NOTHING }: AnswerParts,
  ): void {
    const { flags, bytes } = body;
    const write = (parts: Omit<AnswerParts, "body">, rest: EncodedBody): Uint8Array =>
      ANSWER.write({ from: this.#host.id, id, ...parts, flags: rest.flags }, rest.bytes);
    try {
      this.#host.publishTo(to, write({ outcome, code, message }, { flags, bytes }));
    } catch (error) {
      // E.g. too long for the bus: the caller is to learn that, instead of waiting.
      this.#host.refused(error, name);
      const lost = { outcome: "closed", code: "unknown", message: null } as const;
      this.#host.publishTo(to, write(lost, NOTHING));
    }
  }

  /** Another node asks what has become of a request of its. */
  #probed(message: Message): void {
    const { from, id } = PROBE.read(message);
    const node = this.#host.membership.heard(from);
    if (node === undefined || this.#running.has(keyOf(from, id))) return;
    // One that did not come before this question will not be carried out any more.
    const { lastRequest } = node;
    const code = lastRequest !== undefined && id > lastRequest ? "notsent" : "unknown";
    node.lastRequest = Math.max(lastRequest ?? 0, id);
    this.#answer(from, id, "probe", { outcome: "closed", code, message: null });
  }

  /** A node is not there any more: nobody waits for its answers. */
  gone({ id }: RemoteNode): void {
    for (const { node, controller } of [...this.#running.values()]) if (node === id) controller.abort();
  }

  /** This node leaves. */
  end(): void {
    for (const { controller } of [...this.#running.values()]) controller.abort();
  }
}

function keyOf(node: string, id: number): string {
  return `${node} ${id}`;
}
