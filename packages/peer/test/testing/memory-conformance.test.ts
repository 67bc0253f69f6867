// The link in memory keeps all promises of a transport.

import { MemoryLink, transportConformance } from "@peng3dnet/peer/testing";

const cases = transportConformance({
  name: "memory",
  createPair: ({ server, client }) => {
    const link = new MemoryLink();
    server(link.server);
    client(link.client);
  },
});

test.each(cases)("$name", ({ run }) => run(), 60_000);
