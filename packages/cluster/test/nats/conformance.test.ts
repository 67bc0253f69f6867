// A bus over NATS keeps all promises of a bus, also when the broker is killed and started again.

import { natsBus } from "@peng3dnet/cluster";
import { busConformance } from "@peng3dnet/cluster/testing";
import { NatsServer } from "@peng3dnet-internal/nats-server";
import { describeWithNats } from "../support/with-nats.js";

describeWithNats("what every bus does", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await NatsServer.start();
  }, 30_000);
  afterAll(() => server.dispose());

  const cases = busConformance({
    name: "natsBus",
    prepare: (options) => ({
      factory: natsBus({ servers: server.url, reconnectTimeWait: 50, reconnectJitter: 0, ...options }),
      interrupt: () => server.kill(),
      restore: () => server.start(),
    }),
  });
  test.each(cases)("$name", ({ run }) => run(), 60_000);
});
