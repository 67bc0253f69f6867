// What a peer sent before it closed arrives over TLS, also if a write of ours fails before it is read.

import { bareTlsClient } from "../support/bare-tls.js";
import { bareTls, serverTls } from "../support/certificates.js";
import { ENDINGS, LAST, UNREAD } from "../support/last-words.js";
import { handle, next, startServer } from "../support/peers.js";
import { accept, settype } from "../support/wire.js";

describe.each(["TLSv1.2", "TLSv1.3"] as const)(
  "%s: a client that closes without having read all",
  (version) => {
    test.each(ENDINGS)("%s: what it sent before arrives", async (_, ending, info) => {
      const received: unknown[] = [];
      const server = await startServer({ cfg: { ...serverTls(), "net.compress.enabled": false } }, (peer) =>
        handle(peer, "test:item", (msg) => void received.push(msg)),
      );
      const complete = next(server, "handshakecomplete");
      const bare = await bareTlsClient(server.addr, { ...bareTls(), maxVersion: version });
      await bare.peer.packet();
      bare.peer.write(settype());
      await bare.peer.packet();
      bare.peer.write(accept());
      const [client] = await complete;
      await new Promise<void>((written) => bare.socket.write("", () => written()));
      bare.socket.pause();
      client.sendMessage("test:item", UNREAD);
      await client.flush();
      const closed = next(server, "close");
      // All of it comes between a read and a write of the server, which is made at the end of this turn.
      bare.peer.write(...LAST, ...ending);
      bare.socket.destroy();
      client.sendMessage("test:item", "in vain");
      expect((await closed)[1]).toMatchObject(info);
      expect(received).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  },
);
