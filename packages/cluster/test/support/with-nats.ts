import { findNatsServer, HOW_TO_GET_NATS_SERVER } from "@peng3dnet-internal/nats-server";

/** As `describe`, for tests that start a nats-server. Without one on the machine they are skipped, and the end of the run says so. */
export function describeWithNats(name: string, declare: () => void): void {
  const missing = findNatsServer() === undefined;
  const title = `over nats-server: ${name}${missing ? ` [needs nats-server: ${HOW_TO_GET_NATS_SERVER}]` : ""}`;
  (missing ? describe.skip : describe)(title, declare);
}
