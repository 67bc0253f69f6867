/**
 * The interface that schema libraries share (standardschema.dev, version 1), as far as it is used here:
 * zod, valibot, arktype and others implement it. Types only; no library is needed to compile or to run this.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** The interface's properties. */
  readonly "~standard": {
    /** Version of the interface. */
    readonly version: 1;
    /** Library that the schema is made with. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Carries the types; not there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a check came to: the value, possibly transformed, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong. */
export interface StandardIssue {
  /** What. */
  readonly message: string;
  /** Where: keys from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes: the payload as it travels. */
export type SchemaInput<S> = S extends StandardSchemaV1<infer Input, unknown> ? Input : never;
/** What a schema gives: the payload as handlers get it. */
export type SchemaOutput<S> = S extends StandardSchemaV1<unknown, infer Output> ? Output : never;

/**
 * A schema that only carries a type and accepts anything, for packets without validation.
 *
 * @typeParam T - payload; it is what you expect, not what a peer is bound to send.
 */
export function payload<T>(): StandardSchemaV1<T, T> {
  return {
    "~standard": { version: 1, vendor: "peng3dnet", validate: (value) => ({ value: value as T }) },
  };
}
