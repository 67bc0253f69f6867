// Stands in for the zlib of the protocol's tests, which is Node's.
import { browserPlatform, type Compression } from "@peng3dnet/browser";

/** zlib as clients in browsers have it. */
export const zlib = browserPlatform.compression(-1) as Compression;
