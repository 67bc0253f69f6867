import {
  type Connection,
  ConnectionType,
  InvalidStateError,
  isActive,
  nextState,
  STATE_ACTIVE,
  STATE_CLOSED,
  STATE_HANDSHAKE_WAIT1,
  STATE_HANDSHAKE_WAIT2,
  STATE_HELLOWAIT,
  STATE_INIT,
  STATE_LOGGEDIN,
  STATE_WAITTYPE,
  type StateEvent,
  TRANSITIONS,
} from "@peng3dnet/protocol";
import { End, type FakePeer } from "../support/pair.js";

const EVENTS: StateEvent[] = ["open", "hello", "settype", "handshake", "accept", "activate"];
const STATES = {
  STATE_INIT,
  STATE_HELLOWAIT,
  STATE_WAITTYPE,
  STATE_HANDSHAKE_WAIT2,
  STATE_HANDSHAKE_WAIT1,
  STATE_ACTIVE,
  STATE_LOGGEDIN,
  STATE_CLOSED,
};
type StateName = keyof typeof STATES;

/** Written out once more, independently of the table under test. */
const ALLOWED: Readonly<Record<StateName, Partial<Record<StateEvent, StateName>>>> = {
  STATE_INIT: { open: "STATE_HELLOWAIT" },
  STATE_HELLOWAIT: { hello: "STATE_WAITTYPE" },
  STATE_WAITTYPE: { settype: "STATE_HANDSHAKE_WAIT2" },
  STATE_HANDSHAKE_WAIT2: { handshake: "STATE_HANDSHAKE_WAIT1", activate: "STATE_ACTIVE" },
  STATE_HANDSHAKE_WAIT1: { accept: "STATE_ACTIVE" },
  STATE_ACTIVE: {},
  STATE_LOGGEDIN: {},
  STATE_CLOSED: {},
};

const cells = (Object.keys(STATES) as StateName[]).flatMap((state) =>
  EVENTS.map((event) => ({ state, event, to: ALLOWED[state][event] })),
);

function setState(connection: Connection, state: number): void {
  connection.state = state;
}

/** A type whose handshake does nothing by itself. */
class Idle extends ConnectionType {
  override init(): void {}
}

/** A client's connection in a state, reached by its own methods. */
function clientIn(state: StateName): Connection {
  const setUp = (peer: FakePeer) => peer.conntypes.set("idle", new Idle(peer));
  const { connection } = new End(0, { conntype: "idle", setUp });
  const steps: [StateName, () => void][] = [
    ["STATE_INIT", () => {}],
    ["STATE_HELLOWAIT", () => connection.open()],
    ["STATE_HANDSHAKE_WAIT2", () => connection.helloReceived("idle")],
    ["STATE_HANDSHAKE_WAIT1", () => connection.startHandshake()],
    ["STATE_ACTIVE", () => connection.sendAccept()],
    ["STATE_LOGGEDIN", () => setState(connection, STATE_LOGGEDIN)],
    ["STATE_CLOSED", () => connection.markClosed()],
  ];
  if (state === "STATE_WAITTYPE") {
    const server = new End(1, { setUp }).connection;
    server.open();
    return server;
  }
  for (const [name, step] of steps) {
    step();
    if (name === state) break;
  }
  return connection;
}

const trigger: Readonly<Record<StateEvent, (connection: Connection) => void>> = {
  open: (connection) => connection.open(),
  hello: (connection) => connection.helloReceived("idle"),
  settype: (connection) => connection.settypeReceived("idle"),
  handshake: (connection) => connection.startHandshake(),
  accept: (connection) => connection.acceptReceived(),
  activate: (connection) => connection.activate(),
};

describe("the table", () => {
  test.each(cells)("$state, $event: $to", ({ state, event, to }) => {
    expect(nextState(STATES[state], event)).toBe(to === undefined ? undefined : STATES[to]);
    expect(TRANSITIONS[STATES[state]]?.[event]).toBe(to === undefined ? undefined : STATES[to]);
  });

  test("a state that is none allows nothing", () => {
    expect(EVENTS.map((event) => nextState(99, event))).toEqual(EVENTS.map(() => undefined));
  });

  test("active is from STATE_ACTIVE up to STATE_CLOSED", () => {
    expect([0, 1, 2, 3, 4, 63, 64, 65, 127, 128, 129].map(isActive)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a connection goes by it", () => {
  test.each(cells)("$state, $event: $to", ({ state, event, to }) => {
    const connection = clientIn(state);
    expect(connection.state).toBe(STATES[state]);
    expect(connection.active).toBe(isActive(STATES[state]));
    if (to === undefined) {
      expect(() => trigger[event](connection)).toThrow(InvalidStateError);
      expect(() => trigger[event](connection)).toThrow(`"${event}" cannot happen in state ${STATES[state]}`);
      expect(connection.state).toBe(STATES[state]);
      expect(() => connection.expect(event)).toThrow(
        expect.objectContaining({ code: "P3D_ERR_UNEXPECTED_PACKET" }),
      );
      return;
    }
    expect(() => connection.expect(event)).not.toThrow();
    trigger[event](connection);
    // With the hello a client names its type at once.
    expect(connection.state).toBe(event === "hello" ? STATE_HANDSHAKE_WAIT2 : STATES[to]);
    expect(connection.active).toBe(to === "STATE_ACTIVE");
  });
});

describe("states of the application's own", () => {
  test("64 to 127 while active", () => {
    const connection = clientIn("STATE_ACTIVE");
    for (const state of [65, 127, 64]) {
      connection.state = state;
      expect([connection.state, connection.active]).toEqual([state, true]);
    }
    for (const wrong of [0, 63, 128, 64.5, Number.NaN, -64]) {
      expect(() => setState(connection, wrong)).toThrow(
        /is not a state of an active connection; use an integer/,
      );
      expect(connection.state).toBe(64);
    }
  });

  test.each([
    "STATE_INIT",
    "STATE_HELLOWAIT",
    "STATE_WAITTYPE",
    "STATE_HANDSHAKE_WAIT1",
    "STATE_CLOSED",
  ] as const)("not in %s", (state) => {
    const connection = clientIn(state);
    expect(() => setState(connection, 65)).toThrow(InvalidStateError);
    expect(connection.state).toBe(STATES[state]);
  });
});
