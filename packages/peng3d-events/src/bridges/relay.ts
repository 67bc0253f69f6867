import type { EngineLike } from "@peng3dnet/peer";

/** An event on its way through bridges, and where it has been. */
interface Passage {
  readonly event: string;
  readonly data: unknown;
  readonly seen: Set<object>;
}

/**
 * The events that are being delivered, the innermost last. Bridges deliver at once, so that it is empty again when the outermost
 * call returns. All bridges share it, since a ring may lead over any of them.
 */
const passages: Passage[] = [];

/**
 * Delivers an event from one place to another, unless it has been there on its way. Bridges may lead in both directions, or in
 * a ring.
 */
export function relay(event: string, data: unknown, from: object, to: object, deliver: () => void): void {
  const known = passages.findLast((passage) => passage.event === event && passage.data === data);
  if (known?.seen.has(to)) return;
  const passage: Passage = { event, data, seen: new Set([...(known?.seen ?? []), from, to]) };
  passages.push(passage);
  try {
    deliver();
  } finally {
    passages.pop();
  }
}

/** A place to send events to, without the types that the bridges' signatures have checked. */
export function untyped(sink: object): EngineLike {
  return sink as EngineLike;
}
