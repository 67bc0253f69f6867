import type { Cid, CloseInfo } from "@peng3dnet/protocol";
import { describeValue } from "../base/describe-value.js";
import { CensusTaking } from "../observing/census.js";
import { Tally } from "../observing/tally.js";
import { type Metrics, MetricsSum } from "../session/metrics.js";
import { SESSION } from "../session/session.js";
import type { ClientOnServer } from "./client-on-server.js";
import { RecentCloses } from "./recent-closes.js";

/** @throws TypeError for a client in the place of its id, or an id as text, which JavaScript lets pass. */
function checkCid(cid: unknown): void {
  if (cid === undefined || cid === null || typeof cid === "number") return;
  if (typeof cid === "object")
    throw new TypeError(
      "a client is named here by its cid; give its cid, as in client.cid, and not the client itself",
    );
  throw new TypeError(`a client is named here by its cid, a number, and not by ${describeValue(cid)}`);
}

/** The clients of a server: those that are connected, those that are leaving, and what is left of the others. */
export class ClientTable<C extends ClientOnServer> {
  /** All whose connection is not gone, by client id. */
  readonly connected = new Map<number, C>();
  /** Clients whose transport is gone while packets that came before wait to be processed. */
  readonly #leaving = new Map<number, C>();
  /** How the clients ended that left last. */
  readonly #left = new RecentCloses();
  /** Counters of connections that are closed, or were refused. */
  readonly #past = new MetricsSum();
  /** Sums of those that there are; `undefined`: nobody looks at sums often. */
  #tally: Tally | undefined = undefined;
  /** The client that was looked for last: handlers mostly answer the one that they hear. */
  #recent: C | undefined = undefined;
  #recentCid = -1;

  /** The client with an id, if there is one. */
  find(cid: Cid | undefined): C | undefined {
    return this.connected.get(cid ?? -1) ?? this.#leaving.get(cid ?? -1);
  }

  /** The client with an id. @throws {@link ConnectionClosedError} if there is none. */
  get(cid: Cid | undefined): C {
    if (this.#recent !== undefined && this.#recentCid === cid) return this.#recent;
    const client = this.find(cid);
    if (client === undefined) checkCid(cid);
    if (client === undefined) throw this.#left.missing(cid);
    this.#recent = client;
    this.#recentCid = cid as number;
    return client;
  }

  /** All clients, those that are leaving included. */
  all(): C[] {
    return [...this.connected.values(), ...this.#leaving.values()];
  }

  /** Whether there is no client, be it one that is leaving. */
  get empty(): boolean {
    return this.connected.size === 0 && this.#leaving.size === 0;
  }

  /** A client came. */
  add(cid: number, client: C): void {
    this.connected.set(cid, client);
    this.#tally?.add(client[SESSION]);
  }

  /** Its transport is gone. */
  gone(cid: number, client: C): void {
    this.connected.delete(cid);
    this.#leaving.set(cid, client);
  }

  /** Its connection is closed. */
  closed(cid: number, client: C, info: CloseInfo): void {
    this.connected.delete(cid);
    this.#leaving.delete(cid);
    this.#left.add(cid, info);
    if (this.#recent === client) this.#recent = undefined;
    this.#tally?.remove(client[SESSION]);
    client[SESSION].addTo(this.#past);
    this.#past.nothingWaits();
  }

  /** A client was refused. */
  refused(reason: string): void {
    this.#past.reject(reason);
  }

  /** How a client ended that is not there any more. */
  closeOf(cid: Cid | undefined): CloseInfo {
    checkCid(cid);
    return this.#left.of(cid);
  }

  /** Keeps sums from now on, so that a census need not look at each client. */
  keepTally(): void {
    if (this.#tally !== undefined) return;
    this.#tally = new Tally();
    for (const client of this.all()) this.#tally.add(client[SESSION]);
  }

  /** Keeps no sums any more. */
  dropTally(): void {
    if (this.#tally === undefined) return;
    this.#tally = undefined;
    for (const client of this.all()) client[SESSION].tallied = undefined;
  }

  /** Counters of all connections together, those that are closed or were refused included. */
  get metrics(): Metrics {
    const sum = new MetricsSum();
    sum.add(this.#past);
    if (this.#tally !== undefined) this.#tally.addMetricsTo(sum);
    else {
      const taking = new CensusTaking();
      this.#countEach(taking);
      taking.numbers.addTo(sum);
      sum.add(taking.sum);
    }
    return sum.get();
  }

  /** Adds all connections to a census, and what those counted that are closed. */
  countIn(census: CensusTaking): void {
    census.sum.add(this.#past);
    if (this.#tally !== undefined) this.#tally.addTo(census);
    else this.#countEach(census);
  }

  #countEach(census: CensusTaking): void {
    for (const client of this.connected.values()) client[SESSION].countIn(census);
    for (const client of this.#leaving.values()) client[SESSION].countIn(census);
  }
}
