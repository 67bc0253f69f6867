// In which order listeners hear of a group that one of them changes.

import { type Guest, makeCrowd } from "./support/crowd.js";

async function scene() {
  const { server, guests } = await makeCrowd(1);
  const { remote } = guests[0] as Guest;
  const room = server.group("room");
  const told: string[] = [];
  const listen = (): void => {
    room.on("enter", () => void told.push("enter"));
    room.on("leave", () => void told.push("leave"));
    server.on("groupenter", () => void told.push("groupenter"));
    server.on("groupleave", () => void told.push("groupleave"));
  };
  return { server, remote, room, told, listen };
}

const ENTERED_AND_LEFT = ["enter", "groupenter", "leave", "groupleave"];

test("who is sent out by a listener of the group has entered before it leaves", async () => {
  const { remote, room, told, listen } = await scene();
  room.once("enter", (client) => {
    room.delete(client);
    told.push("deleted");
  });
  listen();
  expect(room.add(remote)).toBe(true);
  // All is told by the time that the call returns.
  expect(told).toEqual([...ENTERED_AND_LEFT, "deleted"]);
  expect(room.has(remote)).toBe(false);
});

test("and by a listener of the server", async () => {
  const { server, remote, room, told, listen } = await scene();
  server.on("groupenter", (client, group) => void group.delete(client));
  listen();
  room.add(remote);
  expect(told).toEqual(ENTERED_AND_LEFT);
});

test("who is let in again by a listener has left before it enters", async () => {
  const { remote, room, told, listen } = await scene();
  room.add(remote);
  room.once("leave", (client) => void room.add(client));
  listen();
  room.delete(remote);
  expect(told).toEqual(["leave", "groupleave", "enter", "groupenter"]);
  expect(room.has(remote)).toBe(true);
});

test("a listener that throws keeps nothing from being told", async () => {
  const { server, remote, room, told, listen } = await scene();
  const failures: string[] = [];
  server.on("handlerError", (_error, { where }) => void failures.push(where));
  const fail = (): never => {
    throw new Error("no");
  };
  room.on("enter", fail);
  server.on("groupenter", fail);
  listen();
  room.add(remote);
  room.delete(remote);
  expect(told).toEqual(ENTERED_AND_LEFT);
  expect(failures).toEqual(['"enter" listener of a group', '"groupenter" listener']);
});
