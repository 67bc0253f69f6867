import { checkKnownOptions, InvalidStateError, type OptionNames, SessionKeeper } from "@peng3dnet/peer";

/** Where a page keeps its session while it is reloaded: what `sessionStorage` has, as far as it is used. */
export interface SessionStorageLike {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
}

/** Options of {@link reloadKeeper}. */
export interface ReloadKeeperOptions {
  /** Under which name it keeps the session: one for each client of a page. Default `"peng3dnet.session"`. */
  readonly key?: string | undefined;
  /** Where it keeps it. Default: `sessionStorage` of the page. */
  readonly storage?: SessionStorageLike | undefined;
}

const OPTIONS: OptionNames<ReloadKeeperOptions> = { key: true, storage: true };
const METHODS = ["getItem", "setItem", "removeItem"] as const;

/** What pages have, and other places may lack. */
interface PageGlobals {
  readonly sessionStorage?: SessionStorageLike;
  addEventListener?(type: string, listener: (event: { readonly persisted?: boolean }) => void): void;
}

/**
 * Has a client go on with its session when its page is reloaded: `new Client({ resume: { keeper: reloadKeeper() } })`, on servers
 * whose `net.resume.window` is above 0. When the page goes, it saves the session in `sessionStorage`; the next page of the same
 * tab takes it out of there, and nothing of the streams is missing. Add `reconnect: true`, so that a fresh session follows where
 * that one is gone.
 *
 * **What is saved is a secret**, with which anybody has the player's session: between two pages it is in `sessionStorage`, which
 * every script of the same origin can read, also one that an attacker has brought in (XSS). While the page is there, it is not.
 * It is of one use, and worth nothing once the server does not wait any more.
 *
 * A tab that is duplicated begins a session of its own. A page that its browser only puts aside, to show it again when the user
 * goes back, keeps its session itself. Where the browser refuses storage, or what waits has no room in it, the next page begins a
 * fresh session.
 *
 * @throws {@link InvalidStateError} where there is no `sessionStorage`, as in workers and on Node, and no `storage` is handed in.
 */
export function reloadKeeper(options: ReloadKeeperOptions = {}): SessionKeeper {
  checkKnownOptions("reloadKeeper", options, OPTIONS);
  const { key = "peng3dnet.session", storage } = options;
  // Whatever it throws later is taken for a browser that refuses it.
  if (storage !== undefined && !METHODS.every((name) => typeof storage?.[name] === "function"))
    throw new TypeError(`the option storage is an object with ${METHODS.join(", ")}, as sessionStorage is`);
  const page = globalThis as PageGlobals;
  const store = attempt(() => storage ?? page.sessionStorage ?? "missing");
  if (store === "missing")
    throw new InvalidStateError(
      "there is no sessionStorage here, as there is in a page; hand in a storage, or use a SessionKeeper of your own",
    );
  const keeper = new SessionKeeper(attempt(() => take(store, key)));
  page.addEventListener?.("pagehide", ({ persisted }) => {
    if (persisted === true || store === undefined) return;
    const text = keeper.save();
    if (text !== undefined) attempt(() => store.setItem(key, text));
  });
  return keeper;
}

/** Takes what a page before has left. It is used once, also where it turns out to be of no use. */
function take(store: SessionStorageLike | undefined, key: string): string | undefined {
  const text = store?.getItem(key) ?? undefined;
  store?.removeItem(key);
  return text;
}

/** Browsers that refuse storage throw. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
