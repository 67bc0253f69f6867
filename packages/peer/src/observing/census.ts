import { type Metrics, MetricsSum } from "../session/metrics.js";
import { SessionNumbers } from "../session/session-numbers.js";

/** What there is of a peer now, and what it has counted. */
export interface Census extends Metrics {
  /** Connections that are not closed. */
  readonly connections: number;
  /** Connections whose handshake is not complete, those that are suspended not included. */
  readonly handshaking: number;
  /** Connections whose line is broken, and that wait for another one: see `client.suspended`. */
  readonly suspended: number;
  /** Bytes that were sent and that the other side has not acknowledged, kept so that they can be sent again. */
  readonly kept: number;
  /** Bytes received that are not worked off, in buffers of the library. */
  readonly unprocessed: number;
  /** Requests of this side that wait for their answer. */
  readonly asked: number;
  /** Requests of the other side that handlers work on. */
  readonly answering: number;
  /** On a server: groups that have members. */
  readonly groups: number;
  /** On a server: members of all groups together; one client counts in each group that it is in. */
  readonly memberships: number;
}

/** A census that is being taken. */
export class CensusTaking {
  /** What was counted beside the numbers: by sessions that are over, and rejections. */
  readonly sum: MetricsSum = new MetricsSum();
  /** Numbers of the sessions that there are. */
  readonly numbers: SessionNumbers = new SessionNumbers();
  groups = 0;
  memberships = 0;

  /** What was found. Called once. */
  get(): Census {
    const { numbers, groups, memberships } = this;
    const { connections, handshaking, suspended, kept, unprocessed, asked, answering } = numbers;
    numbers.addTo(this.sum);
    return {
      ...this.sum.get(),
      connections,
      handshaking,
      suspended,
      kept,
      unprocessed,
      asked,
      answering,
      groups,
      memberships,
    };
  }
}
