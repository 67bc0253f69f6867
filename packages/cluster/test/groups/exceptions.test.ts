// Whom a broadcast leaves out.

import { ClusterGroup } from "../../src/groups/cluster-group.js";
import { readExceptions } from "../../src/groups/exceptions.js";

test("a group that is left out may have more members than a call takes arguments", () => {
  const members = Array.from({ length: 200_000 }, (_, cid) => ({ cid }));
  const group = new ClusterGroup("crowd", { local: () => members } as never);
  const { here, groups } = readExceptions(group, "node~AAAAAAAAAAAA");
  expect([here.length, groups]).toEqual([200_000, ["crowd"]]);
});
