// What the runtime says of the process itself.

import { connectionsByDescriptors } from "../../src/runtime/descriptors.js";

test("file descriptors suffice for many connections, and some are spared for the rest of the program", () => {
  const { userLimits } = process.report.getReport() as unknown as {
    readonly userLimits: { readonly open_files: { readonly soft: number | "unlimited" } };
  };
  const { soft } = userLimits.open_files;
  const most = connectionsByDescriptors();
  expect(most).toBe(soft === "unlimited" ? Number.POSITIVE_INFINITY : soft - 64);
  expect(most).toBeGreaterThan(128);
});
