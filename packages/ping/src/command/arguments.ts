import { parseArgs } from "node:util";
import { type Address, type ConfigOverrides, parseAddress, quoteText, UsageError } from "@peng3dnet/core";
import { webSocketUrl } from "../asking/web-socket.js";
import { checkPingData, type PingData } from "../protocol/data.js";

/** A server to ping. */
export interface Target {
  /** The server as the user wrote it, for output. */
  readonly label: string;
  /** Host and port, or the URL of a WebSocket. */
  readonly address: Address | string;
}

/** What the command is to do. */
export interface Arguments {
  readonly targets: readonly Target[];
  /** Pings for each target. */
  readonly count: number;
  /** Seconds from ping to ping. */
  readonly interval: number;
  /** Seconds until a ping is given up. */
  readonly timeout: number;
  readonly watch: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly data: PingData;
  readonly cfg: ConfigOverrides;
  /** The only IP version to use, or 0 for either. */
  readonly family: 0 | 4 | 6;
}

/** An argument of the command is wrong. */
export class ArgumentError extends UsageError {
  override name = "ArgumentError";
  readonly code = "P3D_ERR_ARGUMENT";
}

/** What `--help` prints. */
export const HELP = `Usage: peng3dnet-ping [options] HOST[:PORT]|URL...

Asks peng3dnet servers for their status. The port is 8080 if none is given; IPv6 as [::1]:8080.
A URL is wss://HOST/PATH or ws://HOST/PATH; on Node 20, the package ws has to be installed.

  -c, --count N         pings for each server; default 1, with --watch until Ctrl+C
  -i, --interval SEC    time from one ping to the next; default 1
  -W, --timeout SEC     time until a ping is given up; default 10
      --watch           one live line for each server, with a chart of the last delays
      --json            one JSON object a line
      --data KEY=VALUE  send this to the server; VALUE is JSON, else text; repeatable
  -4, -6                only IPv4, only IPv6
  -q, --quiet           only the summary

      --tls             use TLS; the options below imply it
      --ca FILE         certificate authorities to trust, PEM
      --cert FILE       certificate of this client, PEM
      --key FILE        its private key, PEM
      --servername NAME name to expect in the server's certificate
      --insecure        accept any certificate

      --version         print the version
  -h, --help            print this

Exit codes: 0 all pings were answered; 1 some or none; 2 the arguments are wrong; 3 the output cannot be written.
`;

const OPTIONS = {
  count: { type: "string", short: "c" },
  interval: { type: "string", short: "i" },
  timeout: { type: "string", short: "W" },
  watch: { type: "boolean" },
  json: { type: "boolean" },
  data: { type: "string", multiple: true },
  ipv4: { type: "boolean", short: "4" },
  ipv6: { type: "boolean", short: "6" },
  quiet: { type: "boolean", short: "q" },
  tls: { type: "boolean" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  servername: { type: "string" },
  insecure: { type: "boolean" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Longest time that an option may give: a day, in seconds. */
const MAX_SECONDS = 86_400;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // Node adds advice for other cases after the first sentence.
    throw new ArgumentError((error as Error).message.split(/\.\s/)[0] ?? "", { cause: error });
  }
}

function seconds(option: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= MAX_SECONDS)) {
    throw new ArgumentError(`${option} has to be a number of seconds from ${least} to ${MAX_SECONDS}`);
  }
  return value;
}

function countOf(text: string | undefined, watch: boolean): number {
  if (text === undefined) return watch ? Number.POSITIVE_INFINITY : 1;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new ArgumentError("--count has to be an integer of 1 or more");
  }
  return value;
}

function target(label: string): Target {
  if (webSocketUrl(label) !== undefined) return { label, address: label };
  try {
    return { label, address: parseAddress(label) };
  } catch (error) {
    throw new ArgumentError((error as Error).message, { cause: error });
  }
}

function dataOf(entries: readonly string[]): PingData {
  const data = Object.fromEntries(
    entries.map((entry): [string, unknown] => {
      const [, key = "", text = ""] = /^([^=]+)=(.*)$/s.exec(entry) ?? [];
      if (key === "") throw new ArgumentError(`--data needs KEY=VALUE, not "${entry}"`);
      try {
        return [key, JSON.parse(text)];
      } catch {
        return [key, text];
      }
    }),
  );
  checkPingData(data);
  return data;
}

interface TlsValues {
  readonly tls?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly servername?: string | undefined;
  readonly insecure?: boolean | undefined;
}

function tlsConfig({ tls = false, ca, cert, key, servername, insecure = false }: TlsValues): ConfigOverrides {
  // Any option about certificates turns TLS on: whoever gives one does not want plain TCP.
  if (!(tls || insecure) && [ca, cert, key, servername].every((value) => value === undefined)) return {};
  return {
    "net.ssl.enabled": true,
    "net.ssl.cafile": ca ?? null,
    "net.ssl.client.certfile": cert ?? null,
    "net.ssl.client.keyfile": key ?? null,
    "net.ssl.server_hostname": servername ?? null,
    "net.ssl.client.check_hostname": !insecure,
    "net.ssl.client.force_verify": !insecure,
  };
}

/** Options of TCP and TLS, which say nothing to what opens WebSockets. */
const NOT_FOR_URLS = ["ipv4", "ipv6", "tls", "ca", "cert", "key", "servername", "insecure"] as const;

/** @throws {@link ArgumentError} rather than ping without what was asked for. */
function checkUrls(targets: readonly Target[], values: Readonly<Record<string, unknown>>): void {
  const url = targets.find(({ address }) => typeof address === "string");
  const option = NOT_FOR_URLS.find((name) => values[name] !== undefined);
  if (url === undefined || option === undefined) return;
  const name = option.startsWith("ipv") ? `-${option.slice(3)}` : `--${option}`;
  throw new ArgumentError(
    `${name} is for HOST[:PORT], not for ${quoteText(url.label)}; wss: has TLS, and trusts the authorities in the file that NODE_EXTRA_CA_CERTS names, too`,
  );
}

/**
 * Reads the command line.
 *
 * @returns what to do, or which text to print instead.
 * @throws {@link UsageError} if an argument is wrong.
 */
export function parseArguments(argv: readonly string[]): Arguments | "help" | "version" {
  const { values, positionals } = parse(argv);
  if (values.help === true) return "help";
  if (values.version === true) return "version";
  if (positionals.length === 0)
    throw new ArgumentError("give at least one server, as HOST, HOST:PORT or wss://HOST/PATH");
  if (values.ipv4 === true && values.ipv6 === true) throw new ArgumentError("-4 and -6 exclude each other");
  const targets = positionals.map(target);
  checkUrls(targets, values);
  const watch = values.watch ?? false;
  return {
    targets,
    count: countOf(values.count, watch),
    interval: seconds("--interval", values.interval, 1, 0),
    timeout: seconds("--timeout", values.timeout, 10, 0.001),
    watch,
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    data: dataOf(values.data ?? []),
    cfg: tlsConfig(values),
    family: values.ipv4 === true ? 4 : values.ipv6 === true ? 6 : 0,
  };
}
