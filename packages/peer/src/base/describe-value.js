/** Characters of a text that are shown. */
const SHOWN = 40;
/** A value that an application gave by mistake, for the message of an error. Never throws, and shows nothing of objects. */
export function describeValue(value) {
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  }
  if (value === null || value === undefined || typeof value === "number") return String(value);
  return `a value of type ${typeof value}`;
}
//# sourceMappingURL=describe-value.js.map
