/** What is the matter where Node itself lets a process open no sockets, as it does from 25 on. */
export const SOCKETS_DENIED = "Node runs with --permission, which lets it open no sockets; add --allow-net";

/**
 * The error for a process that Node lets open no sockets; `undefined` where it does. For servers that listen in another way,
 * e.g. over https. Ask before they listen: Node throws it where nobody can catch it, and tells the server nothing.
 */
export function listenDenied(): NodeJS.ErrnoException | undefined {
  // It is there with `--permission` only. Before Node 25 there is no such permission, which is then told as not given.
  const permission = process.permission as NodeJS.ProcessPermission | undefined;
  if (permission === undefined || !process.allowedNodeEnvironmentFlags.has("--allow-net")) return undefined;
  if (permission.has("net")) return undefined;
  return Object.assign(new Error(SOCKETS_DENIED), { code: "ERR_ACCESS_DENIED" });
}
