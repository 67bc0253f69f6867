type Call = () => void;

/** One end of a channel, as far as it is used here. */
interface Port {
  postMessage(message: null): void;
}

/** What a runtime may have to call something in a later turn of its event loop. */
export interface TurnSources {
  readonly MessageChannel?: (new () => { readonly port1: Port; readonly port2: Port }) | undefined;
  readonly setTimeout: (call: Call, milliseconds: number) => unknown;
}

/**
 * Calls things in later turns of the event loop, in order: by messages of a channel, as browsers slow timers down, to 4 ms where
 * one sets the next and to a second or a minute in a tab that is hidden.
 *
 * Where ports can be told not to keep a process alive, as on Node, it is timers: an open port would keep it alive, several
 * messages may come without a turn for input in between, and nobody slows timers down.
 */
export function yieldBy({ MessageChannel, setTimeout }: TurnSources): (call: Call) => void {
  const byTimer = (call: Call): void => void setTimeout(call, 0);
  if (MessageChannel === undefined) return byTimer;
  const calls: Call[] = [];
  let yieldTurn: ((call: Call) => void) | undefined;
  const open = (): ((call: Call) => void) => {
    const { port1, port2 } = new MessageChannel();
    if ("unref" in port1) return byTimer;
    // By assign, as Node's types of a port lack `onmessage`.
    Object.assign(port1, { onmessage: () => calls.shift()?.() });
    return (call) => {
      calls.push(call);
      port2.postMessage(null);
    };
  };
  return (call) => {
    yieldTurn ??= open();
    yieldTurn(call);
  };
}
