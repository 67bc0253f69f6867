// What a server still knows of clients that have just left.

import type { CloseInfo } from "@peng3dnet/peer";
import { RecentCloses } from "../../src/server/recent-closes.js";

const MOST = 256;

function info(reason: string): CloseInfo {
  return { reason, error: undefined, clean: true };
}

test("of a client that nobody knows, it says that there is none", () => {
  const closes = new RecentCloses();
  for (const cid of [7, null, undefined]) {
    const { reason, error, clean } = closes.of(cid);
    expect({ reason, clean }).toEqual({ reason: "socketclose", clean: false });
    expect(error).toMatchObject({ code: "P3D_ERR_CONNECTION_CLOSED", reason: null });
    expect(error?.message).toContain(`there is no client with the cid ${cid}`);
    expect(closes.missing(cid)).toMatchObject({ message: error?.message, reason: null });
  }
});

test("without a cid it is none of those that are known", () => {
  const closes = new RecentCloses();
  for (const cid of [0, 1]) closes.add(cid, info("kicked"));
  expect(closes.of(0).reason).toBe("kicked");
  expect(closes.missing(0).reason).toBe("kicked");
  for (const cid of [null, undefined]) expect(closes.of(cid).reason).toBe("socketclose");
});

test("the last 256 are known, and the one that left longest ago is forgotten first", () => {
  const closes = new RecentCloses();
  for (let cid = 1; cid <= MOST; cid++) closes.add(cid, info(`left ${cid}`));
  for (const cid of [1, 2, MOST]) expect(closes.of(cid)).toEqual(info(`left ${cid}`));
  // One that leaves again is the last one.
  closes.add(1, info("left again"));
  closes.add(MOST + 1, info("one more"));
  expect(closes.of(2).reason).toBe("socketclose");
  expect(closes.of(3).reason).toBe("left 3");
  expect(closes.of(1).reason).toBe("left again");
  expect(closes.of(MOST + 1).reason).toBe("one more");
});
