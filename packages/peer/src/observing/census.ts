import { type Metrics, MetricsSum } from "../session/metrics.js";

/** What there is of a peer now, and what it has counted. */
export interface Census extends Metrics {
  /** Connections that are not closed. */
  readonly connections: number;
  /** Those of them whose handshake is not complete. */
  readonly handshaking: number;
  /** Those of them whose line is broken, and that wait for another one: see `client.suspended`. */
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
  readonly sum: MetricsSum = new MetricsSum();
  connections = 0;
  handshaking = 0;
  suspended = 0;
  kept = 0;
  unprocessed = 0;
  asked = 0;
  answering = 0;
  groups = 0;
  memberships = 0;

  /** What was found. */
  get(): Census {
    const { connections, handshaking, suspended, kept, unprocessed } = this;
    const { asked, answering, groups, memberships } = this;
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
