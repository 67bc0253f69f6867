/**
 * The test kit of `@peng3dnet/peer/testing`, whose servers and clients are those of this package.
 *
 * @packageDocumentation
 */
export * from "@peng3dnet/peer/testing";
export { TestNetwork } from "./testing/network.js";
