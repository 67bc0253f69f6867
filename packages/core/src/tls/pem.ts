import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Config, type ConfigKey, type Pem, TlsConfigError } from "@peng3dnet/peer";

/** Options that hold PEM or DER material themselves. */
type PemKey =
  | "net.ssl.ca"
  | "net.ssl.server.cert"
  | "net.ssl.server.key"
  | "net.ssl.client.cert"
  | "net.ssl.client.key";
/** Options that name a file with such material. */
type FileKey =
  | "net.ssl.cafile"
  | "net.ssl.server.certfile"
  | "net.ssl.server.keyfile"
  | "net.ssl.client.certfile"
  | "net.ssl.client.keyfile";

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

/** Certificates or a key as configured, and where they are from, for errors to name. */
export class PemSource {
  readonly option: ConfigKey;
  readonly file: string | undefined;
  readonly #parts: readonly (string | Uint8Array)[];

  constructor(option: ConfigKey, pem: Pem, file?: string) {
    this.option = option;
    this.file = file;
    this.#parts = typeof pem === "string" || pem instanceof Uint8Array ? [pem] : pem;
  }

  /**
   * What an option holds, or else the file that another one names; `undefined` if neither is set.
   *
   * @throws {@link TlsConfigError} if the file cannot be read.
   */
  static async read(cfg: Config, option: PemKey, fileOption: FileKey): Promise<PemSource | undefined> {
    const pem = cfg.get(option);
    if (pem !== null) return new PemSource(option, pem);
    const file = cfg.get(fileOption);
    if (file === null) return undefined;
    try {
      return new PemSource(fileOption, await readFile(file), file);
    } catch (cause) {
      const message = `config option "${fileOption}": the file "${file}" cannot be read: ${(cause as Error).message}`;
      throw new TlsConfigError(fileOption, message, { file, cause });
    }
  }

  /** An error about this material, which names the option and the file. */
  error(problem: string, cause?: unknown): TlsConfigError {
    const { option, file } = this;
    const where = file === undefined ? "" : ` the file "${file}"`;
    return new TlsConfigError(option, `config option "${option}":${where} ${problem}`, { file, cause });
  }

  /** Whether there is a private key among it, as in files that hold both. */
  get holdsKey(): boolean {
    return this.#parts.some((part) => PRIVATE_KEY.test(textOf(part)));
  }

  /**
   * The certificates, in their order.
   *
   * @throws {@link TlsConfigError} if there are none, or one is damaged.
   */
  certificates(): X509Certificate[] {
    try {
      const found = this.#parts.flatMap((part) => {
        const blocks = textOf(part).match(CERTIFICATE);
        if (blocks !== null) return blocks.map((block) => new X509Certificate(block));
        return typeof part === "string" || isPem(part) ? [] : [new X509Certificate(part)];
      });
      if (found.length > 0) return found;
    } catch (cause) {
      throw this.error(`holds a damaged certificate: ${(cause as Error).message}`, cause);
    }
    throw this.error("holds no certificate; PEM or DER is needed");
  }

  /**
   * The private key.
   *
   * @throws {@link TlsConfigError} if there is none, or it cannot be used.
   */
  privateKey(): KeyObject {
    const pem = this.#parts.find((part) => PRIVATE_KEY.test(textOf(part)));
    const [der] = this.#parts;
    if (pem === undefined && (typeof der === "string" || der === undefined || isPem(der))) {
      throw this.error("holds no private key; PEM or DER is needed");
    }
    try {
      if (pem !== undefined) return createPrivateKey(textOf(pem));
      return derKey(Buffer.from(der as Uint8Array));
    } catch (cause) {
      if (pem !== undefined && /ENCRYPTED/.test(textOf(pem))) {
        throw this.error("holds an encrypted private key; decrypt it, e.g. with `openssl pkey`", cause);
      }
      throw this.error(`holds a private key that cannot be used: ${(cause as Error).message}`, cause);
    }
  }
}

function textOf(part: string | Uint8Array): string {
  return typeof part === "string" ? part : Buffer.from(part).toString("latin1");
}

function isPem(part: Uint8Array): boolean {
  return textOf(part).includes("-----BEGIN ");
}

/** DER does not say which of three formats it is. */
function derKey(key: Buffer): KeyObject {
  for (const type of ["pkcs8", "sec1"] as const) {
    try {
      return createPrivateKey({ key, format: "der", type });
    } catch {
      // The last format reports.
    }
  }
  return createPrivateKey({ key, format: "der", type: "pkcs1" });
}
