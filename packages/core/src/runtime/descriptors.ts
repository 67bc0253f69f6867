/** File descriptors left for the rest of the program: files, logs, connections to a database. */
const SPARED = 64;

/**
 * How many connections the process's file descriptors suffice for, some spared for the rest of the program;
 * infinity where the runtime does not tell. Takes some milliseconds: ask once.
 */
export function connectionsByDescriptors(): number {
  const reporter = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (reporter === undefined) return Number.POSITIVE_INFINITY;
  const { excludeNetwork } = reporter;
  // Otherwise the names of all peers are looked up for the report.
  reporter.excludeNetwork = true;
  const report: unknown = reporter.getReport();
  if (excludeNetwork !== undefined) reporter.excludeNetwork = excludeNetwork;
  const limits = (report as { userLimits?: { open_files?: { soft?: unknown } } }).userLimits;
  const soft = limits?.open_files?.soft;
  return typeof soft === "number" ? soft - SPARED : Number.POSITIVE_INFINITY;
}
