import { parseArgs } from "node:util";
import {
  type Address,
  type ConfigOverrides,
  InvalidAddressError,
  normalizeAddrSocketstyle,
  type PeerOptions,
} from "@peng3dnet/core";

/** Options that a program has beside those that all of them have. */
export interface Flags {
  readonly [name: string]: {
    readonly type: "boolean" | "string";
    /** What stands for the value in the help, e.g. `NAME`. */
    readonly value?: string;
    readonly help: string;
  };
}

/** What a program is called, and what it accepts. */
export interface ProgramSpec<F extends Flags> {
  /** The script of the root package.json that starts it, e.g. `echo:server`. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  readonly flags: F;
}

/** What the user asked for. */
export interface Arguments<F extends Flags> {
  /** Where to listen, or what to connect to; for a server or a client as it is. */
  readonly peer: PeerOptions & { readonly addr: Address };
  /** The program's own options. */
  readonly values: { readonly [K in keyof F]?: F[K]["type"] extends "boolean" ? boolean : string };
}

/** The command line is wrong. Its message is all that the user has to be told. */
export class ArgumentError extends Error {}

const DEFAULT_ADDRESS = "127.0.0.1:8080";

const COMMON_FLAGS = {
  tls: { type: "boolean", help: "use TLS" },
  cert: { type: "string", value: "FILE", help: "certificate to show (PEM); a server needs one" },
  key: { type: "string", value: "FILE", help: "its private key (PEM)" },
  ca: {
    type: "string",
    value: "FILE",
    help: "authority that the peer's certificate has to be from (PEM); a server with it wants to see one",
  },
  help: { type: "boolean", help: "print this" },
} as const satisfies Flags;

/**
 * Reads a command line.
 *
 * @returns what was asked for, or the text of the help if that was it.
 * @throws {@link ArgumentError}
 */
export function parseArguments<F extends Flags>(
  spec: ProgramSpec<F>,
  args: readonly string[],
): Arguments<F> | string {
  const { values, positionals } = parse(spec, args);
  if (values.help === true) return helpText(spec);
  const [address = DEFAULT_ADDRESS, ...rest] = positionals;
  if (rest.length > 0) throw new ArgumentError(`one HOST:PORT is enough; what is "${rest[0]}"?`);
  const { tls, cert, key, ca, ...own } = values;
  const peer = { addr: parseAddress(address), cfg: tlsConfig({ tls, cert, key, ca }) };
  return { peer, values: own as Arguments<F>["values"] };
}

/** Config options for `--tls`; a server looks at its own ones, and a client at its. */
function tlsConfig(values: Readonly<Record<"tls" | "cert" | "key" | "ca", unknown>>): ConfigOverrides {
  const { tls, ...files } = values;
  const [useless] = Object.entries(files).find(([, file]) => file !== undefined) ?? [];
  if (tls !== true) {
    if (useless !== undefined) throw new ArgumentError(`--${useless} is of no use without --tls`);
    return {};
  }
  const { cert, key, ca } = files as Readonly<Record<string, string | undefined>>;
  return {
    "net.ssl.enabled": true,
    "net.ssl.cafile": ca,
    "net.ssl.server.certfile": cert,
    "net.ssl.server.keyfile": key,
    "net.ssl.server.force_verify": ca !== undefined,
    "net.ssl.client.certfile": cert,
    "net.ssl.client.keyfile": key,
  };
}

function parse(spec: ProgramSpec<Flags>, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...spec.flags, ...COMMON_FLAGS },
      allowPositionals: true,
    });
  } catch (error) {
    // The first sentence says what is wrong; those after it are about positional arguments.
    throw new ArgumentError((error as Error).message.split(/[.\n](?:\s|$)/)[0]);
  }
}

function parseAddress(text: string): Address {
  try {
    return normalizeAddrSocketstyle(text);
  } catch (error) {
    if (error instanceof InvalidAddressError) throw new ArgumentError(error.message);
    throw error;
  }
}

function helpText({ name, summary, flags }: ProgramSpec<Flags>): string {
  const options = Object.entries<Flags[string]>({ ...flags, ...COMMON_FLAGS }).map(
    ([flag, { value, help }]) => [value === undefined ? `--${flag}` : `--${flag} ${value}`, help] as const,
  );
  const width = Math.max(...options.map(([flag]) => flag.length));
  return [
    `npm run ${name} -- [HOST:PORT] [options]`,
    "",
    summary,
    `The address is ${DEFAULT_ADDRESS} if none is given.`,
    "",
    ...options.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
  ].join("\n");
}
