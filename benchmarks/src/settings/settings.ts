/** What differs between machines, as far as one machine can be set so. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A way to run the benchmark's processes. */
export interface Setting {
  readonly id: string;
  readonly title: string;
  /** For all of its processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program that runs the benchmark. Default: this Node. */
  readonly node?: string;
  /** Words in front of the command. */
  readonly before?: readonly string[];
  /** Another program keeps a processor busy meanwhile. */
  readonly neighbour?: boolean;
  /** What is missing here, and how to get it; nothing: it can be run. */
  readonly missing?: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VERSIONS = JSON.parse(readFileSync(join(ROOT, "scripts", "node-versions.json"), "utf8")) as string[];
const KIB = 1024;
/** What a receive buffer of the kernel may be at least, by default and at most. */
const SMALL_BUFFERS = "4096 16384 32768";

const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

function missing(there: boolean, how: string): Pick<Setting, "missing"> {
  return there ? {} : { missing: how };
}

/** Another version of Node, where `npm run test:matrix` has installed it. */
function nodeOf(major: string): Setting {
  const folder = join(ROOT, "node_modules/.cache/peng3dnet/node", major, "node_modules");
  const node = join(folder, `node-${process.platform}-${process.arch}`, "bin", "node");
  return {
    id: `node-${major}`,
    title: `Node ${major}`,
    node,
    ...missing(existsSync(node), `install it by npm run test:matrix -- --node=${major}`),
  };
}

function allocators(): Setting[] {
  const [jemalloc] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
    .map((folder) => join(folder, "libjemalloc.so.2"))
    .filter((path) => existsSync(path));
  return [
    { id: "one-arena", title: "glibc with one arena", env: { MALLOC_ARENA_MAX: "1" } },
    {
      id: "gives-back",
      title: "glibc that maps from 128 KiB on, and gives back at once",
      env: { MALLOC_MMAP_THRESHOLD_: String(128 * KIB), MALLOC_TRIM_THRESHOLD_: String(128 * KIB) },
    },
    {
      id: "keeps",
      title: "glibc that maps from 32 MiB on, and gives nothing back",
      env: {
        MALLOC_MMAP_THRESHOLD_: String(32 * KIB * KIB),
        MALLOC_TRIM_THRESHOLD_: String(KIB * KIB * KIB),
      },
    },
    {
      id: "huge-pages",
      title: "glibc that asks for huge pages",
      env: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" },
    },
    {
      id: "jemalloc",
      title: "jemalloc",
      env: { LD_PRELOAD: jemalloc ?? "" },
      ...missing(jemalloc !== undefined, "install Debian's libjemalloc2"),
    },
  ];
}

/** All settings. */
export function settings(): Setting[] {
  const inNetwork = `ip link set lo up && sysctl -qw net.ipv4.tcp_rmem="${SMALL_BUFFERS}" && exec "$@"`;
  return [
    { id: "as-it-is", title: "as it is" },
    ...allocators(),
    {
      id: "one-processor",
      title: "all processes on one processor",
      before: ["taskset", "-c", "0"],
      ...missing(succeeds("taskset", "-c", "0", "true"), "install Debian's util-linux"),
    },
    {
      id: "small-buffers",
      title: "receive buffers of 32 KiB at most",
      before: ["unshare", "--net", "sh", "-c", inNetwork, "sh"],
      ...missing(succeeds("unshare", "--net", "ip", "link"), "run it as root, with Debian's iproute2"),
    },
    { id: "neighbour", title: "a busy neighbour", neighbour: true },
    ...VERSIONS.filter((major) => !process.version.startsWith(`v${major}.`)).map(nodeOf),
  ];
}
