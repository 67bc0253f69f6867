// What connections share that began with different options of one peer.

import { createConnectionContext, SIDE_SERVER } from "@peng3dnet/protocol";
import { End } from "../support/pair.js";

test("a later context has the options of its time, and shares buffers and connection types with the former one", () => {
  const { context: first, connection, peer } = new End(SIDE_SERVER);
  peer.cfg.set("net.limits.packetlength", 5000);
  peer.cfg.set("net.limits.strikes", 1);
  const second = createConnectionContext(peer, peer.cfg, { former: first, resources: first.resources });
  expect([first.limit, second.limit]).toEqual([1024 * 1024, 5000]);
  expect(second.pool).toBe(first.pool);
  expect(second.sharedOutput).toBe(first.sharedOutput);
  expect(second.types).toBe(first.types);
  expect(second.decoders).toBe(first.decoders);
  expect(second.encoders).not.toBe(first.encoders);
  expect(second.delivery).not.toBe(first.delivery);
  expect(connection.context).toBe(first);
});
