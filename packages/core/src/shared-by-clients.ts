import { KeyCache, type TextReader } from "@peng3dnet/protocol";
import { BufferTextReader } from "./buffer-text-reader.js";

/**
 * What all clients of a process read with. A program may have thousands of them: with keys of its own, each would find
 * its keys in memory that the processor has not looked at for a while. A server has its own, since what it is sent comes
 * from anybody.
 */
export const sharedByClients: { readonly keys: KeyCache; readonly texts: TextReader } = {
  keys: new KeyCache(),
  texts: new BufferTextReader(),
};
