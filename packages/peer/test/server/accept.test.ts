// Transports that are handed to a server by the application.

import { InvalidStateError } from "@peng3dnet/peer";
import { MemoryLink, TestNetwork } from "@peng3dnet/peer/testing";

test.each(["stop", "shutdown"] as const)("after %s, a server takes no transport any more", async (end) => {
  const net = new TestNetwork();
  const server = net.server();
  const client = net.client();
  net.connect(client, server);
  await client.waitForConnection();
  const ended = server[end]();
  expect(() => server.accept(new MemoryLink().server)).toThrow(InvalidStateError);
  expect(server.clients.size).toBeLessThanOrEqual(1);
  await ended;
  await server.join();
  expect(() => server.accept(new MemoryLink().server)).toThrow("accepts nothing more");
  expect(server.clients.size).toBe(0);
});
