// How the reference is grouped: by what people do, not by whether it is a class or an interface.

/** What most programs begin with. */
const FIRST = [
  "Server",
  "ServerOptions",
  "ClientOnServer",
  "Client",
  "ClientOptions",
  "definePacket",
  "PacketOptions",
  "payload",
  "defineRequest",
  "RequestOptions",
  "SIDE_CLIENT",
  "SIDE_SERVER",
  "ticker",
  "Group",
  "serveWebSocket",
  "webSocketAcceptor",
  "WebSocketOptions",
  "enablePing",
  "pingServer",
  "TestNetwork",
  "joinCluster",
  "instrument",
];

/** What packages of this repository have from each other, and programs hardly need. */
const BETWEEN_PACKAGES = [
  "CLUSTER_HOST",
  "CheckingContext",
  "ClusterHost",
  "ConnectionOwner",
  "Deferred",
  "EncodedBody",
  "EncodingContext",
  "OBSERVED",
  "ObservationPoint",
  "ObserverList",
  "Outcome",
  "Repeats",
  "RequestFollowers",
  "ResumeAttempt",
  "ResumePlaces",
  "SharedPacket",
  "Ticking",
  "ThoseWho",
  "checkSent",
  "checkWait",
  "encodeChecked",
  "encodePacket",
  "isInstance",
  "kindOfError",
  "knowsPackets",
  "maybeAsync",
  "namesSentTo",
  "onAbort",
  "printPacket",
  "toError",
  "whenRejected",
];

/** Headings, in their order, with the folders whose symbols stand below. The first folder that a path begins with counts. */
const CATEGORIES = [
  ["Start here", []],
  [
    "Servers and clients",
    ["peer/src/server", "peer/src/client", "peer/src/base", "core/src/server", "core/src/client"],
  ],
  ["Packets", ["protocol/src/packets", "protocol/src/registry", "peer/src/messages"]],
  ["Requests", ["peer/src/requests"]],
  ["Groups", ["peer/src/groups"]],
  ["Game loop and time", ["peer/src/time", "peer/src/turns"]],
  ["Liveness", ["peer/src/liveness"]],
  ["Broken lines", ["peer/src/resume"]],
  ["Several servers", ["cluster/src"]],
  [
    "Observing",
    [
      "peer/src/observing",
      "telemetry/src",
      "core/src/runtime/diagnostics",
      "core/src/runtime/cluster-diagnostics",
    ],
  ],
  ["Options", ["protocol/src/config"]],
  ["Errors", ["protocol/src/errors"]],
  ["Constants", ["protocol/src/constants", "protocol/src/version"]],
  ["WebSocket", ["browser/src", "websocket/src"]],
  ["Ping", ["ping/src"]],
  ["Events on a bus", ["peng3d-events/src"]],
  ["Testing", ["peer/src/testing", "core/src/testing"]],
  ["Connection types", ["protocol/src/connection", "protocol/src/handshake"]],
  ["Transports and platforms", ["peer/src/transport", "peer/src/platform", "peer/src/session", "core/src"]],
  ["Bytes on the wire", ["protocol/src/codec", "protocol/src/framing", "protocol/src"]],
  ["Between packages", []],
  // Of folders that are listed nowhere above.
  ["Other", []],
];

export const CATEGORY_ORDER = CATEGORIES.map(([name]) => name);

/**
 * The heading of a symbol.
 *
 * @param name - its name.
 * @param file - the file that declares it, from the folder of packages on.
 */
export function categoryOf(name, file) {
  if (FIRST.includes(name)) return "Start here";
  if (BETWEEN_PACKAGES.includes(name)) return "Between packages";
  if (/Error$/.test(name)) return "Errors";
  return CATEGORIES.find(([, folders]) => folders.some((folder) => file.startsWith(folder)))?.[0] ?? "Other";
}
