/**
 * Every error that this library throws or reports. `code` is stable: match on it, or on the class.
 *
 * There are four families, by who is at fault: local misuse ({@link UsageError}), a remote fault ({@link ProtocolError}),
 * the environment ({@link EnvironmentError}), and nobody, as the connection is closed ({@link ClosedError}). Three errors
 * stand beside them, since they are about a packet that either side may be at fault for; their `direction` says which. So does
 * {@link RequestError}, which the other side's application chose.
 *
 * @packageDocumentation
 */

export * from "./closed-errors.js";
export * from "./either-side-errors.js";
export * from "./environment-errors.js";
export * from "./families.js";
export * from "./peer-errors.js";
export * from "./request-errors.js";
export * from "./resume-errors.js";
export * from "./usage-errors.js";
