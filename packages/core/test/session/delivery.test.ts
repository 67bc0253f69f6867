import { deliver } from "../support/delivery.js";

// 1,000,000 packets and 2,000 closes: the tests that take longest.
test.each(["server", "client"] as const)(
  "1,000 closes by the %s while both sides send: all that was accepted arrives, in order, and the reason",
  async (closer) => {
    const report = await deliver({ closer, closes: 1000, packets: 500, parallel: 8 });
    expect(report.problems.slice(0, 10)).toEqual([]);
    expect(report.unclean).toBe(0);
    expect(report.accepted).toBeGreaterThanOrEqual(500_000);
    expect(report.delivered).toBe(report.accepted);
    // The other side was in the middle of sending, too.
    expect(report.crossing).toBeGreaterThan(10_000);
  },
  180_000,
);
