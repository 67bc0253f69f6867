/** Version of the reference library that this one speaks like; sent in hello and handshake (clause 3). */
export const VERSION = "0.2.0";
/** {@link VERSION} without trailing metadata. */
export const RELEASE = "0.2.0";
/** Version of the wire protocol; peers whose numbers differ do not talk (clause 3). */
export const PROTOVERSION = 2;
