// What Node says of its permissions where it runs with `--permission`, on versions without that of the network, too.

const before = Object.getOwnPropertyDescriptor(process, "permission");

afterEach(() => {
  jest.restoreAllMocks();
  if (before === undefined) Reflect.deleteProperty(process, "permission");
  else Object.defineProperty(process, "permission", before);
});

/** Whether this Node knows `--allow-net`, and whether that was given. */
export interface NetPermission {
  readonly known: boolean;
  readonly allowed: boolean;
}

/** Until the end of the test, Node runs with `--permission`, and with access to all files. */
export function permit({ known, allowed }: NetPermission): void {
  const flags = new Set(known ? ["--allow-net"] : []);
  jest.spyOn(process, "allowedNodeEnvironmentFlags", "get").mockReturnValue(flags);
  const has = (scope: string): boolean => scope !== "net" || (known && allowed);
  Object.defineProperty(process, "permission", { value: { has }, configurable: true });
}
