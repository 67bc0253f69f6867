// The link in memory keeps all promises of a transport.

import { MemoryLink, type Role, transportConformance } from "@peng3dnet/peer/testing";

const cases = transportConformance({
  name: "memory",
  createPair: ({ server, client }) => {
    const link = new MemoryLink();
    server(link.server);
    client(link.client);
  },
});

test.each(cases)("$name", ({ run }) => run(), 60_000);

test("what needs an end to pause that cannot is left out, in its direction only", () => {
  const names = (cannotPause: Role[]) =>
    transportConformance({ name: "any", createPair: () => {}, cannotPause }).map(({ name }) => name);
  const left = names(["client"]);
  const out = names([]).filter((name) => !left.includes(name));
  expect(out).toContain(
    "any: a peer that does not read makes it busy; drained follows, once (server to client)",
  );
  // Its reset is what the server is busy for.
  expect(out).toContain("any: a reset while the other end is busy (client to server)");
  expect(left).toContain(
    "any: a peer that does not read makes it busy; drained follows, once (client to server)",
  );
  expect(left).toContain("any: nothing is told while paused, and nothing is lost (server to client)");
});
