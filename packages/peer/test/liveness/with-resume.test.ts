// A session that resumes outlives a line on which the other side is silent: it is suspended, and told why.

import { HeartbeatTimeoutError } from "@peng3dnet/peer";
import { TestNetwork } from "@peng3dnet/peer/testing";

test("silence suspends both sides, and closes neither", async () => {
  const net = new TestNetwork();
  const beats = { "net.heartbeat.interval": 1, "net.heartbeat.timeout": 3 };
  const server = net.server({ cfg: { ...beats, "net.resume.window": 60 } });
  const client = net.client({ cfg: beats, resume: true });
  const told: unknown[] = [];
  client.on("suspend", ({ error }) => told.push(error));
  server.on("suspend", (_, { error }) => told.push(error));
  const closed = jest.fn();
  client.on("close", closed);
  server.on("close", closed);
  const link = net.connect(client, server);
  await client.waitForConnection();
  await net.pass(2);
  link.toClient.freeze();
  link.toServer.freeze();
  await net.pass(6);
  // Whoever finds out cuts the line, which the other one sees then.
  expect(told).toEqual([expect.any(HeartbeatTimeoutError), expect.any(Error)]);
  expect(closed).not.toHaveBeenCalled();
  client.stop();
  server.stop();
});
