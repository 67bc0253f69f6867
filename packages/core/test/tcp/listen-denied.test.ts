// Node's permissions, as they are from 25 on: whoever runs with them opens no socket unless that is allowed.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ListenError, listenDenied, Server } from "@peng3dnet/core";
import { track } from "../support/cleanup.js";
import { LOCAL } from "../support/peers.js";
import { permit } from "../support/permission.js";

const KNOWN = process.allowedNodeEnvironmentFlags.has("--allow-net");

(KNOWN ? test : test.skip)("a program that runs without the permission ends with what is missing", () => {
  const program = join(__dirname, "..", "support", "frozen-peer.mjs");
  const args = ["--permission", "--allow-fs-read=*", program, "server"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
  expect(stderr).toContain("cannot listen on 127.0.0.1:0: Node runs with --permission");
  expect(status).toBe(1);
});

test("without the permission, a server says what is missing, and may be started again", async () => {
  permit({ known: true, allowed: false });
  const server = track(new Server({ addr: LOCAL }));
  const error: unknown = await server.start().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ListenError);
  expect((error as ListenError).message).toBe(
    "cannot listen on 127.0.0.1:0: Node runs with --permission, which lets it open no sockets; add --allow-net",
  );
  expect((error as ListenError).cause).toMatchObject({ code: "ERR_ACCESS_DENIED" });
});

test.each([
  ["it is given", true, true],
  ["Node does not know it, and says that it is not given", false, false],
])("a server listens where %s", async (_where, known, allowed) => {
  permit({ known, allowed });
  expect(listenDenied()).toBeUndefined();
  const server = track(new Server({ addr: LOCAL }));
  await server.start();
  expect(server.addr[1]).toBeGreaterThan(0);
});
