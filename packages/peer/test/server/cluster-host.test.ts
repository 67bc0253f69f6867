// What a server has for clusters: bodies that go on to other servers, and requests for them.

import { CLUSTER_HOST, defineRequest, ENCODED, payload, RequestError, SIDE_CLIENT } from "@peng3dnet/peer";
import { enterCrowd, type Guest, makeCrowd, News } from "../groups/support/crowd.js";

const Ask = defineRequest({ name: "test:ask", response: payload<unknown>(), side: SIDE_CLIENT });

test("what one server encoded, another one sends under its own id, to whom it chooses", async () => {
  const one = await makeCrowd(1);
  const two = await makeCrowd(0, { packets: [Ask, News] });
  const guests: Guest[] = [];
  for (let n = 0; n < 3; n++) guests.push(await enterCrowd(two.net, two.server, [Ask]));
  const [first, , third] = guests as [Guest, Guest, Guest];
  expect(two.server.registry.getID(News.name)).not.toBe(one.server.registry.getID(News.name));
  const { name, body } = one.server[CLUSTER_HOST].encode(News, { text: "x" });
  const { data, packets } = two.server[CLUSTER_HOST].forward(name, body);
  expect(data).toEqual({ text: "x" });
  expect(two.server.broadcast(News, data, { to: [first.remote, third.remote], [ENCODED]: packets })).toBe(2);
  await two.net.settle();
  expect(guests.map(({ news }) => news)).toEqual([[{ text: "x" }], [], [{ text: "x" }]]);
});

test("what is no body, or is for no client, is refused", async () => {
  const { server } = await makeCrowd(0);
  const host = server[CLUSTER_HOST];
  const nothing = { flags: 0, bytes: new Uint8Array(0) };
  expect(() => host.forward(News.name, nothing)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_BAD_DATA" }),
  );
  expect(() => host.forward("test:other", nothing)).toThrow(/test:other/);
  expect(() => host.forward("peng3dnet:internal.closeconn", nothing)).toThrow(/protocol's own/);
  const long = { flags: 0, bytes: new Uint8Array(server.cfg.get("net.limits.packetlength") + 1) };
  expect(() => host.forward(News.name, long)).toThrow(
    expect.objectContaining({ code: "P3D_ERR_PACKET_TOO_LARGE", direction: "in" }),
  );
});

test("it asks a client for somebody else, who gets the answer, or the error, as it came", async () => {
  const crowd = await makeCrowd(0, { packets: [News, Ask] });
  const { server, net } = crowd;
  const { client, remote } = await enterCrowd(net, server, [Ask]);
  client.answer(Ask, (what) => {
    if (what === "no") throw new RequestError("never", "no", { why: 1 });
    return { what };
  });
  const host = server[CLUSTER_HOST];
  const type = host.asking(Ask);
  const ask = (what: unknown, cid = remote.cid): Promise<unknown> =>
    host.relay(Ask.name, host.encodeInput(type, what), cid, { timeout: 5 }).catch((error: unknown) => error);
  const yes = ask("yes");
  const no = ask("no");
  const gone = ask("yes", 99);
  await net.settle();
  expect(await yes).toEqual({ what: "yes" });
  expect(await no).toMatchObject({ code: "never", message: "no", data: { why: 1 } });
  expect(await gone).toMatchObject({ name: "RequestClosedError", outcome: "notsent" });
  const unknown = host.relay("test:other", host.encodeAnswer(null), remote.cid, {});
  await expect(unknown).rejects.toMatchObject({ code: "P3D_ERR_NOT_REGISTERED" });
});

test("it tells when the server stops, unless that was taken back", async () => {
  const { server } = await makeCrowd(0);
  const told: string[] = [];
  server[CLUSTER_HOST].onStop(() => told.push("stopped"));
  server[CLUSTER_HOST].onStop(() => told.push("never"))();
  server.stop();
  expect(told).toEqual(["stopped"]);
});
