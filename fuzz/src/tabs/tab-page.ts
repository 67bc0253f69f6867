// A game in a browser's tab, as far as the server sees it: takes ticks, and answers when it is asked.

import { Client } from "@peng3dnet/browser";
import { serve } from "@peng3dnet-internal/chromium/page";
import { AskPacket, NamePacket, ReportPacket, TAB_PACKETS, TickPacket } from "./tab-packets.js";

/** What both the types of browsers and of Node have of a document. */
declare const document: {
  readonly visibilityState: "hidden" | "visible";
  addEventListener(type: "freeze" | "resume" | "visibilitychange", listener: () => void): void;
};

let closed: string | undefined;

const programs = {
  /** Connects, and says who it is. From then on it answers by itself. */
  async play({ url, name }: { readonly url: string; readonly name: string }): Promise<void> {
    const life: string[] = [];
    let [ticks, last, inOrder, timers] = [0, 0, true, 0];
    document.addEventListener("freeze", () => life.push("freeze"));
    document.addEventListener("resume", () => life.push("resume"));
    document.addEventListener("visibilitychange", () => life.push(document.visibilityState));
    setInterval(() => timers++, 1000);

    const client = new Client({ addr: url, packets: TAB_PACKETS, resume: true });
    client.on("suspend", () => life.push("suspend"));
    client.on("resume", () => life.push("resumption"));
    client.on("close", ({ reason, error }) => {
      closed = `${reason ?? "no reason"}${error === undefined ? "" : `: ${error.message}`}`;
    });
    client.on(TickPacket, ({ number }) => {
      inOrder &&= last === 0 || number === last + 1;
      last = number;
      ticks++;
    });
    client.on(AskPacket, (number) => {
      const hidden = document.visibilityState === "hidden";
      client.sendMessage(ReportPacket, { number, ticks, inOrder, timers, hidden, life });
    });
    await client.start();
    client.sendMessage(NamePacket, name);
  },
  /** Why its client was closed; null if it was not. */
  closedBecause: (): string | null => closed ?? null,
};

/** What can be called. */
export type TabPage = typeof programs;

serve(programs);
