import { definePacket, payload, SIDE_CLIENT, SIDE_SERVER } from "@peng3dnet/browser";

/** The state of the game at a tick. */
export interface Tick {
  readonly number: number;
  readonly state: Uint8Array;
}

/** What a tab says when it is asked. */
export interface Report {
  /** Number of the question. */
  readonly number: number;
  /** Ticks that came, and whether each was the one after that before. */
  readonly ticks: number;
  readonly inOrder: boolean;
  /** How often a timer of a second has fired. */
  readonly timers: number;
  readonly hidden: boolean;
  /** What the page was told of its own life: "freeze", "resume", "hidden", "visible". */
  readonly life: readonly string[];
}

export const TickPacket = definePacket({ name: "tab:tick", schema: payload<Tick>(), side: SIDE_CLIENT });
export const AskPacket = definePacket({ name: "tab:ask", schema: payload<number>(), side: SIDE_CLIENT });
export const NamePacket = definePacket({ name: "tab:name", schema: payload<string>(), side: SIDE_SERVER });
export const ReportPacket = definePacket({
  name: "tab:report",
  schema: payload<Report>(),
  side: SIDE_SERVER,
});

export const TAB_PACKETS = [TickPacket, AskPacket, NamePacket, ReportPacket];
