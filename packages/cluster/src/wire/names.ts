import { ConfigError, quoteText } from "@peng3dnet/peer";

const NODE_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const NODE_ID = /^([A-Za-z0-9_-]{1,64})~[A-Za-z0-9_-]{12}$/;
const PEER_ID = /^([A-Za-z0-9_-]{1,64}~[A-Za-z0-9_-]{12})~(0|[1-9][0-9]{0,15})$/;
const PREFIX = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const LONGEST_PREFIX = 64;
/** Random bytes of an epoch: nobody draws the same ones twice. */
const EPOCH_BYTES = 9;
/** Characters of an epoch that its mark has: 48 bits. */
const MARK_LENGTH = 8;
const PLAIN = /^[A-Za-z0-9_-]+$/;
/** Longest name of a group that nodes share, in bytes of UTF-8. */
export const LONGEST_GROUP = 128;
/** Characters of a name that an error shows. */
const SHOWN = 40;

const utf8 = new TextEncoder();

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** @throws {@link ConfigError} for a name that no subject can have in it. */
export function checkNodeName(name: unknown): void {
  if (typeof name === "string" && NODE_NAME.test(name)) return;
  throw new ConfigError(
    "name",
    'the option "name" of a node has 1 to 64 letters, digits, "-" and "_", since it is a part of subjects of the bus',
  );
}

/** @throws {@link ConfigError} for what subjects cannot begin with. */
export function checkPrefix(prefix: unknown): void {
  if (typeof prefix === "string" && prefix.length <= LONGEST_PREFIX && PREFIX.test(prefix)) return;
  throw new ConfigError(
    "prefix",
    `the option "prefix" has letters, digits, "-" and "_", with dots between, and ${LONGEST_PREFIX} characters at most`,
  );
}

/** An id for a node that starts: its name, and an epoch that no node has had. */
export function newNodeId(name: string): string {
  return `${name}~${base64(crypto.getRandomValues(new Uint8Array(EPOCH_BYTES)))}`;
}

/** Bytes that stand for a node in the tickets of its sessions: the last ones of its epoch, which is random. */
export function markOfNode(id: string): Uint8Array {
  return Uint8Array.from(id.slice(-MARK_LENGTH), (character) => character.charCodeAt(0));
}

/** Whether a value is the id of a node. */
export function isNodeId(value: unknown): value is string {
  return typeof value === "string" && NODE_ID.test(value);
}

/** The name in the id of a node. */
export function nameOf(id: string): string {
  return id.slice(0, id.indexOf("~"));
}

/** The cid of a client, which is given by itself or by that. @throws TypeError for what is neither, such as a cid as text. */
export function cidOf(client: { readonly cid: number } | number): number {
  const cid: unknown = typeof client === "number" ? client : client?.cid;
  if (Number.isSafeInteger(cid)) return cid as number;
  throw new TypeError("a client of this node is given as the client itself, or by its cid, a number");
}

/** The id that all nodes know a client by. */
export function peerIdOf(node: string, cid: number): string {
  return `${node}~${cid}`;
}

/** Node and cid of a client; `undefined` if the value is no id of one. */
export function readPeerId(value: unknown): { readonly node: string; readonly cid: number } | undefined {
  const match = typeof value === "string" ? PEER_ID.exec(value) : null;
  if (match === null) return undefined;
  const cid = Number(match[2]);
  return Number.isSafeInteger(cid) ? { node: match[1] as string, cid } : undefined;
}

/** What is wrong with the name of a group that nodes share, if anything. */
function groupProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return "it is no text";
  if (!name.isWellFormed()) return "it has half of a surrogate pair";
  if (name.length > LONGEST_GROUP || utf8.encode(name).length > LONGEST_GROUP)
    return `it has more than ${LONGEST_GROUP} bytes`;
  return undefined;
}

/** Whether a value can be the name of a group that nodes share. */
export function isGroupName(value: unknown): value is string {
  return groupProblem(value) === undefined;
}

/** @throws TypeError for what cannot be the name of a group that nodes share. */
export function checkGroupName(name: unknown): void {
  const problem = groupProblem(name);
  if (problem === undefined) return;
  throw new TypeError(
    `${quoteText(String(name), SHOWN)} cannot be the name of a group that nodes share: ${problem}`,
  );
}

/** The subjects of a cluster. */
export class Subjects {
  /** What all nodes hear. */
  readonly all: string;
  /** What nodes hear that watch the presence of clients. */
  readonly presence: string;
  readonly #prefix: string;

  /** @param prefix - what all of them begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
    this.all = `${prefix}.a`;
    this.presence = `${prefix}.p`;
  }

  /** What one node hears. */
  node(id: string): string {
    return `${this.#prefix}.n.${id}`;
  }

  /** What nodes with members of a group hear. Names that a subject cannot have travel as base64. */
  group(name: string): string {
    const token = PLAIN.test(name) ? name : `=${base64(utf8.encode(name))}`;
    return `${this.#prefix}.g.${token}`;
  }
}
