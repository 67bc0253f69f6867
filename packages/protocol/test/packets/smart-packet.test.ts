import {
  type Connection,
  encodePacket,
  type InvalidAction,
  MODE_CHAT,
  type PacketRule,
  type Peer,
  SIDE_CLIENT,
  SIDE_SERVER,
  SmartPacket,
  SmartPacketInvalidError,
  SSLSEC_ENCRYPTED,
  STATE_ACTIVE,
  STATE_LOGGEDIN,
} from "@peng3dnet/protocol";
import { hex, packet } from "../support/bytes.js";
import { activePair, End, type EndOptions, type FakePeer, type Pair } from "../support/pair.js";

/** A pair with the packet "s" under the given conditions, and "free" without any but the default ones. */
function smart(rule: Partial<PacketRule>, server: EndOptions = {}): Pair {
  return activePair((peer: FakePeer) => {
    class Smart extends SmartPacket {
      override rule(): PacketRule {
        return { ...super.rule(), ...rule };
      }
    }
    peer.registry.register(new Smart(peer.registry, peer), "s");
    peer.registry.register(new SmartPacket(peer.registry, peer), "free");
  }, server);
}

interface Condition {
  readonly name: string;
  /** What the error says besides. */
  readonly needs: string;
  readonly rule: Partial<PacketRule>;
  readonly fulfil: (connection: Connection) => void;
}

const CONDITIONS: Condition[] = [
  {
    name: "state",
    needs: `it needs ${STATE_LOGGEDIN}, and this side of the connection has ${STATE_ACTIVE}`,
    rule: { state: STATE_LOGGEDIN },
    fulfil: (c) => {
      c.state = STATE_LOGGEDIN;
    },
  },
  {
    name: "mode",
    needs: `it needs ${MODE_CHAT}, and this side of the connection has 0`,
    rule: { mode: MODE_CHAT },
    fulfil: (c) => {
      c.mode = MODE_CHAT;
    },
  },
  {
    name: "mode",
    needs: `it needs ${MODE_CHAT}, and this side of the connection has 0`,
    rule: { mode: MODE_CHAT, state: null },
    fulfil: (c) => {
      c.mode = MODE_CHAT;
    },
  },
];
describe("before settype, a SmartPacket is treated as its action says", () => {
  function early(rule: Partial<PacketRule>): End {
    const end = new End(1, {
      setUp: (peer: FakePeer) => {
        class Smart extends SmartPacket {
          override rule(): PacketRule {
            return { ...super.rule(), ...rule };
          }
        }
        peer.registry.register(new Smart(peer.registry, peer), "s");
      },
    });
    end.connection.open();
    end.take();
    end.receive(packet(64, "c0"));
    return end;
  }

  test("ignored, and the handshake goes on", () => {
    const end = early({ invalidAction: "ignore" });
    expect([end.codes, end.host.messages]).toEqual([[], []]);
    expect(end.host.ignoredBecause).toEqual([expect.stringContaining("its state does not fit")]);
    end.receive(packet(2, "80"));
    expect(end.connection.conntype).toBe("classic");
  });

  test("or reported, or the end", () => {
    const reported = early({ invalidAction: "error" });
    expect(reported.codes).toEqual([]);
    expect(reported.host.failures).toEqual([{ error: expect.any(SmartPacketInvalidError), where: "s" }]);
    expect(early({ invalidAction: "close" }).codes).toEqual(["P3D_ERR_SMARTPACKET_INVALID"]);
  });

  test("or received, if it may come in any state", () => {
    expect(early({ state: null }).host.messages).toMatchObject([{ name: "s" }]);
    expect(early({ state: null, conntype: "classic" }).host.messages).toEqual([]);
  });
});

const ACTIONS: InvalidAction[] = ["ignore", "close", "error"];
const cases = CONDITIONS.flatMap((condition) => ACTIONS.map((action) => ({ ...condition, action })));

test.each<["client" | "server", Partial<PacketRule>, string]>([
  ["client", { side: SIDE_CLIENT }, "its side does not fit the connection: only clients receive it"],
  ["server", { side: SIDE_SERVER }, "its side does not fit the connection: only the server receives it"],
  [
    "client",
    { minSslsecLevel: SSLSEC_ENCRYPTED },
    `it needs level ${SSLSEC_ENCRYPTED}, and the connection has 0; see net.ssl.enabled, or encryptedByProxy`,
  ],
  ["server", { conntype: "mine" }, 'it needs "mine", and the connection has "classic"'],
])("a %s with %j is told what is needed", (end, rule, needs) => {
  const { connection } = smart({ ...rule, invalidAction: "error" })[end];
  expect(() => connection.send("s", 1)).toThrow(needs);
});

describe("sending", () => {
  test.each(cases)(
    "$name does not fit, $action: nothing is encoded",
    async ({ name, needs, rule, fulfil, action }) => {
      const pair = smart({ ...rule, invalidAction: action });
      const { connection, host, peer } = pair.client;
      const before = connection.packetsOut;
      // A value that cannot be encoded, which would show.
      const send = () => connection.send("s", new Map());
      if (action === "error") {
        expect(send).toThrow(SmartPacketInvalidError);
        expect(send).toThrow(`"s" may not be sent: its ${name} does not fit the connection: ${needs}`);
        expect(send).toThrow(expect.objectContaining({ direction: "out" }));
      } else {
        expect(send()).toBe(false);
        expect(host.ignoredBecause).toEqual([`"s" may not be sent: its ${name} does not fit the connection`]);
      }
      expect(peer.closes).toEqual(action === "close" ? [{ cid: null, reason: "smartpacketinvalid" }] : []);
      expect([connection.packetsOut - before, host.sentData]).toEqual([action === "close" ? 1 : 0, []]);
      expect(hex(connection.output())).toBe(
        action === "close" ? hex(packet(16, "81a6726561736f6eb2736d6172747061636b6574696e76616c6964")) : "",
      );
      expect(host.failures).toEqual([]);
      if (action === "close") return;
      fulfil(connection);
      fulfil(pair.server.connection);
      expect(connection.send("s", "ok")).toBe(true);
      pair.pump();
      expect(pair.server.received).toEqual(["ok"]);
    },
  );

  test.each([SIDE_SERVER, SIDE_CLIENT] as const)("to the side %d only", (side) => {
    const pair = smart({ side, invalidAction: "error" });
    const [receiver, sender] = side === SIDE_SERVER ? [pair.server, pair.client] : [pair.client, pair.server];
    expect(() => receiver.connection.send("s", 1)).toThrow(/its side does not fit/);
    sender.connection.send("s", 2);
    pair.pump();
    expect(receiver.received).toEqual([2]);
  });

  test("on connections of one type only", () => {
    const other = smart({ conntype: "ping", invalidAction: "error" });
    expect(() => other.client.connection.send("s", 1)).toThrow(/its conntype does not fit/);
    const same = smart({ conntype: "classic", invalidAction: "error" });
    same.client.connection.send("s", 1);
    same.pump();
    expect(same.server.received).toEqual([1]);
  });

  test("at a level of TLS, which counts for the sender", () => {
    const pair = smart({ minSslsecLevel: SSLSEC_ENCRYPTED, invalidAction: "error" });
    expect(() => pair.client.connection.send("s", 1)).toThrow(/its minSslsecLevel does not fit/);
    pair.client.connection.sslSeclevel = SSLSEC_ENCRYPTED;
    pair.client.connection.send("s", 2);
    pair.pump();
    expect(pair.server.received).toEqual([2]);
  });

  test("a packet that was encoded before is held to the same", () => {
    const pair = smart({ mode: MODE_CHAT });
    const { connection, peer, context } = pair.server;
    const entry = peer.registry.entry("s");
    const encoded = encodePacket(context, entry.id, 1);
    expect(connection.sendEncoded(entry, encoded, "s", 1)).toBe(false);
    expect([connection.hasOutput, pair.server.host.ignoredBecause.length]).toEqual([false, 1]);
    connection.mode = MODE_CHAT;
    connection.sendEncoded(entry, encoded, "s", 1);
    expect(connection.hasOutput).toBe(true);
  });

  test("what was refused still tells about the high-water mark", () => {
    const pair = smart({ mode: MODE_CHAT }, { cfg: { "net.limits.unsent.highwater": 10 } });
    pair.server.connection.backlog = 11;
    expect(pair.server.connection.send("s", 1)).toBe(false);
  });

  test("a close that fails is reported", async () => {
    const pair = smart({ mode: MODE_CHAT, invalidAction: "close" });
    pair.client.peer.closeFailure = new Error("cannot");
    pair.client.connection.send("s", 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pair.client.host.failures).toEqual([{ error: new Error("cannot"), where: "closeConnection" }]);
  });
});

describe("receiving", () => {
  const receive = (pair: Pair, value = "01") => pair.server.receive(packet(64, value));

  test.each(cases)("$name does not fit, $action", ({ name, rule, fulfil, action }) => {
    const pair = smart({ ...rule, invalidAction: action });
    const { server } = pair;
    receive(pair);
    const message = `"s" may not be received: its ${name} does not fit the connection`;
    expect(server.received).toEqual([]);
    expect(server.codes).toEqual(action === "close" ? ["P3D_ERR_SMARTPACKET_INVALID"] : []);
    expect(server.host.ignoredBecause).toEqual(action === "close" ? [] : [message]);
    expect(server.host.failures).toEqual(
      action === "error"
        ? [{ error: new SmartPacketInvalidError(message, { direction: "in" }), where: "s" }]
        : [],
    );
    for (const { error } of server.host.failures) expect(error).toMatchObject({ direction: "in" });
    if (action === "close") {
      expect(server.errors[0]).toMatchObject({ message, direction: "in", closeReason: "smartpacketinvalid" });
      return;
    }
    fulfil(server.connection);
    receive(pair, "02");
    expect(server.received).toEqual([2]);
  });

  test("on the other side", () => {
    const wrong = smart({ side: SIDE_CLIENT, invalidAction: "close" });
    receive(wrong);
    expect(wrong.server.errors[0]?.message).toMatch(/its side does not fit/);
    const right = smart({ side: SIDE_SERVER, invalidAction: "close" });
    receive(right);
    expect(right.server.received).toEqual([1]);
  });

  test("on a connection of another type", () => {
    const pair = smart({ conntype: "ping" });
    receive(pair);
    expect(pair.server.host.ignoredBecause[0]).toMatch(/its conntype does not fit/);
  });

  test("the level of TLS does not matter", () => {
    const pair = smart({ minSslsecLevel: SSLSEC_ENCRYPTED, invalidAction: "close" });
    receive(pair);
    expect(pair.server.received).toEqual([1]);
  });

  test.each(["ignore", "error"] as const)(
    "strikes with %s: at the limit borne, one more closes",
    (invalidAction) => {
      const pair = smart({ mode: MODE_CHAT, invalidAction }, { cfg: { "net.limits.strikes": 2 } });
      const free = () => pair.server.receive(packet(65, "01"));
      for (let round = 0; round < 3; round++) {
        receive(pair);
        receive(pair);
        free();
      }
      expect([pair.server.codes, pair.server.received]).toEqual([[], [1, 1, 1]]);
      receive(pair);
      receive(pair);
      expect(pair.server.codes).toEqual([]);
      receive(pair);
      expect(pair.server.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
      expect(pair.server.errors[0]?.message).toMatch(
        /^3 packets in a row .* because "s" may not be received/,
      );
    },
  );

  test("no strike is borne if the limit is 0", () => {
    const pair = smart({ mode: MODE_CHAT }, { cfg: { "net.limits.strikes": 0 } });
    receive(pair);
    expect(pair.server.codes).toEqual(["P3D_ERR_UNEXPECTED_PACKET"]);
  });

  test("a state of the application's own holds for packets without a condition on it", () => {
    const pair = smart({ state: null });
    pair.server.connection.state = STATE_LOGGEDIN;
    receive(pair);
    expect(pair.server.received).toEqual([1]);
    pair.server.receive(packet(65, "01"));
    expect(pair.server.host.ignoredBecause).toHaveLength(1);
  });
});

describe("conditions as a registry has them", () => {
  const registered = (rule: Partial<PacketRule>): PacketRule | null =>
    smart(rule).client.peer.registry.entry("s").rule;

  test("are there once for packets with the same ones, whosever they are", () => {
    expect(registered({ mode: 7, conntype: "own" })).toBe(registered({ mode: 7, conntype: "own" }));
  });

  test.each<Partial<PacketRule>>([
    { state: STATE_LOGGEDIN },
    { mode: MODE_CHAT },
    { side: SIDE_SERVER },
    { conntype: "other" },
    { minSslsecLevel: SSLSEC_ENCRYPTED },
    { invalidAction: "close" },
    { droppable: true },
  ])("are others with %p", (rule) => {
    const usual = registered({});
    expect(registered(rule)).toEqual({ ...usual, ...rule });
    // Not the same object: what other tests registered before decides which conditions are forgotten for these.
    expect(registered({})).toEqual(usual);
  });

  test("are right however many different ones there are", () => {
    for (let round = 0; round < 2; round++) {
      for (let mode = 100; mode < 140; mode++)
        expect(registered({ mode })).toMatchObject({ mode, state: 64 });
    }
  });

  test("stay what they were when they were registered", () => {
    const given = {
      state: null,
      mode: 3,
      side: null,
      conntype: null,
      minSslsecLevel: 0,
      invalidAction: "close",
      droppable: false,
    };
    const { registry } = smart({}).client.peer;
    const packet = Object.assign(new SmartPacket(registry, {} as Peer), { rule: () => given });
    registry.register(packet, "test:given");
    given.mode = 4;
    expect(registry.entry("test:given").rule?.mode).toBe(3);
  });
});
