import { SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/protocol";
import { receiveKit } from "../../src/runtime/receive-kits.js";

test("all clients of a process share one kit, and each server has one to itself", () => {
  const clients = [receiveKit(SIDE_CLIENT), receiveKit(SIDE_CLIENT)];
  const servers = [receiveKit(SIDE_SERVER), receiveKit(SIDE_SERVER)];
  expect(clients[0]).toBe(clients[1]);
  expect(new Set([...clients, ...servers]).size).toBe(3);
});
