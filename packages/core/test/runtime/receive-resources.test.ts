import { SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/protocol";
import { receiveResources } from "../../src/runtime/receive-resources.js";

test("all clients of a process share their receive resources, and each server has its own", () => {
  const clients = [receiveResources(SIDE_CLIENT), receiveResources(SIDE_CLIENT)];
  const servers = [receiveResources(SIDE_SERVER), receiveResources(SIDE_SERVER)];
  expect(clients[0]).toBe(clients[1]);
  expect(new Set([...clients, ...servers]).size).toBe(3);
});
