import {
  Config,
  silentLogger,
  standardPlatform,
  type Transport,
  webSocketConnector,
} from "@peng3dnet/browser";
import type { PairHandover } from "@peng3dnet/peer/testing";

/** Connects as a client does. */
function connect(url: string, established: (transport: Transport) => void): Promise<void> {
  const connector = webSocketConnector(url);
  return connector.connect({
    address: connector.address,
    cfg: new Config(),
    clock: standardPlatform.clock,
    logger: silentLogger,
    timeout: 60,
    signal: new AbortController().signal,
    established,
  });
}

/** Makes both ends here; what one sends goes to Node and comes back to the other. */
export async function webSocketPair(
  url: string | undefined,
  { server, client }: PairHandover,
): Promise<void> {
  if (url === undefined) throw new Error("nobody said where WebSockets are joined");
  await connect(url, server);
  await connect(url, client);
}
