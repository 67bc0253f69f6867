import { CLOSE_REASONS, EnvironmentError, endsResumption, ResumeError } from "@peng3dnet/protocol";

test.each([
  "resumeexpired",
  "resumeunknown",
  "resumerefused",
  "resumegap",
  "resumeregistry",
  "resumeevicted",
  "resumeoverflow",
  "resumeunreadable",
] as const)("%s closes a connection, is known, and ends the attempts", (reason) => {
  const error = new ResumeError("message", reason);
  expect([error.reason, error.closeReason]).toEqual([reason, reason]);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(CLOSE_REASONS).toContain(reason);
  expect(endsResumption(reason)).toBe(true);
});

test("a server's own reason is kept, and where it has none, the client was refused", () => {
  expect(new ResumeError("message", "banned").closeReason).toBe("banned");
  const silent = new ResumeError("message", null);
  expect([silent.reason, silent.closeReason]).toEqual([null, "resumerefused"]);
});

test.each([
  [null, true],
  ["banned", true],
  ["servershutdown", true],
  ["serverdraining", true],
  ["protoversionmismatch", true],
  ["tlsrequired", true],
  ["resumed", true],
  ["serverfull", false],
  ["handshaketimeout", false],
  ["timeout", false],
  ["heartbeattimeout", false],
  ["slowconsumer", false],
  ["socketclose", false],
  ["internalerror", false],
])("whether %s ends the attempts: %s", (reason, ends) => {
  expect(endsResumption(reason)).toBe(ends);
});
