/**
 * How many entries of maps and sets are gone along while `call` runs, those included that are copied. Where that does not depend
 * on how many there are, neither does the time.
 */
export function stepsOf(call: () => void): number {
  let steps = 0;
  const restore = [new Map().values(), new Set().values()].map((iterator) => {
    const prototype = Object.getPrototypeOf(iterator) as { next: (this: unknown) => unknown };
    const { next } = prototype;
    prototype.next = function () {
      steps++;
      return next.call(this);
    };
    return () => {
      prototype.next = next;
    };
  });
  try {
    call();
  } finally {
    for (const undo of restore) undo();
  }
  return steps;
}

/**
 * How many entries lists move up while `call` runs, since their first one is taken by `shift`: as many as are behind it, once a
 * list is too long for the engine to move its beginning instead.
 */
export async function movedWhile(call: () => Promise<void>): Promise<number> {
  const list = Array.prototype as unknown[];
  const { shift } = list;
  let moved = 0;
  list.shift = function (this: unknown[]): unknown {
    moved += this.length;
    return shift.call(this);
  };
  try {
    await call();
  } finally {
    list.shift = shift;
  }
  return moved;
}
