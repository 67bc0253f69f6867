import { BadDataError, ValueCodec } from "@peng3dnet/peer";

/** Version of what nodes say to each other. Nodes of another one are not understood. */
const VERSION = 1;
const MAGIC = 0x70;
/** Magic number, version, and the length of the header in three bytes. */
const PREFIX_SIZE = 5;
/** How deep a header may nest, and how many elements it may have. */
const DEPTH = 4;
const ELEMENTS = 16_384;
const EMPTY = new Uint8Array(0);

const codec = new ValueCodec(DEPTH, ELEMENTS);

/** The node that sent it speaks another version. */
export class OtherVersionError extends BadDataError {
  override name = "OtherVersionError";
  /** Its version. */
  readonly version: number;

  constructor(version: number) {
    super(
      `a node speaks version ${version} of what nodes say to each other, and this one version ${VERSION}; let all nodes have the same version of @peng3dnet/cluster`,
    );
    this.version = version;
  }
}

/** A message between nodes. */
export interface Message {
  /** What kind it is. */
  readonly kind: number;
  readonly header: readonly unknown[];
  /** What travels as it is: a packet's encoded payload. */
  readonly bytes: Uint8Array;
}

/** Reads what came over the bus. @throws {@link BadDataError} if it is no message of a node, {@link OtherVersionError}. */
export function readMessage(payload: Uint8Array): Message {
  if (payload.length < PREFIX_SIZE || payload[0] !== MAGIC)
    throw new BadDataError("it is no message of a node");
  const version = payload[1] as number;
  if (version !== VERSION) throw new OtherVersionError(version);
  const [high, middle, low] = payload.subarray(2, PREFIX_SIZE) as unknown as [number, number, number];
  const end = PREFIX_SIZE + ((high << 16) | (middle << 8) | low);
  if (end > payload.length) throw new BadDataError("a message of a node is cut off");
  const header = codec.decode(payload.subarray(PREFIX_SIZE, end));
  if (!Array.isArray(header) || typeof header[0] !== "number")
    throw new BadDataError("the header of a message of a node is none");
  return { kind: header[0], header, bytes: payload.subarray(end) };
}

/** The kind of a message that this node wrote: the first part of the header, behind the byte that says how many it has. */
export function kindOf(message: Uint8Array): number {
  return message[PREFIX_SIZE + 1] as number;
}

/** Checks a part of a header. */
export type Field<T> = (value: unknown) => value is T;
type Fields = Readonly<Record<string, Field<unknown>>>;
/** The parts of a header, by name. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** The last part of a header, that may be left out. */
export type Last<O extends Fields> = { readonly [K in keyof O]?: Values<O>[K] | undefined };

/** A kind of messages: which parts the header has, in which order. */
export class Form<F extends Fields, O extends Fields = Record<never, never>> {
  readonly kind: number;
  readonly #name: string;
  readonly #fields: readonly (readonly [name: string, check: Field<unknown>])[];
  /** How many of the fields a header has in any case. */
  readonly #least: number;

  /**
   * @param name - for errors.
   * @param last - one more part at the end, that may be left out.
   */
  constructor(kind: number, name: string, fields: F, last?: O) {
    this.kind = kind;
    this.#name = name;
    this.#least = Object.keys(fields).length;
    this.#fields = Object.entries({ ...fields, ...last });
  }

  /** A message of this kind. */
  write(values: Values<F> & Last<O>, bytes: Uint8Array = EMPTY): Uint8Array {
    const parts = this.#fields.map(([name]) => (values as Readonly<Record<string, unknown>>)[name]);
    if (parts.length > this.#least && parts.at(-1) === undefined) parts.pop();
    const header = codec.encode([this.kind, ...parts]);
    const { length } = header;
    const payload = new Uint8Array(PREFIX_SIZE + length + bytes.length);
    payload.set([MAGIC, VERSION, length >>> 16, (length >>> 8) & 0xff, length & 0xff]);
    payload.set(header, PREFIX_SIZE);
    payload.set(bytes, PREFIX_SIZE + length);
    return payload;
  }

  /** The parts of the header of a message of this kind. @throws {@link BadDataError} */
  read({ header }: Message): Values<F> & Last<O> {
    const parts = header.length - 1;
    if (parts < this.#least || parts > this.#fields.length) throw this.#wrong("it has more or fewer parts");
    const values: Record<string, unknown> = {};
    for (const [index, [name, check]] of this.#fields.slice(0, parts).entries()) {
      const value = header[index + 1];
      if (!check(value)) throw this.#wrong(`${name} is none`);
      values[name] = value;
    }
    return values as Values<F> & Last<O>;
  }

  #wrong(why: string): BadDataError {
    return new BadDataError(`a message of a node, "${this.#name}", is none: ${why}`);
  }
}
