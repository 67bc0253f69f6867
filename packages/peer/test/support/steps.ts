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
