// Names of attributes. Those without "peng3dnet." are OpenTelemetry's semantic conventions, of version 1.45.

export const SIDE = "peng3dnet.side";
export const CONNECTION_STATE = "peng3dnet.connection.state";
export const HANDSHAKE_OUTCOME = "peng3dnet.handshake.outcome";
export const RESUMPTION_OUTCOME = "peng3dnet.resumption.outcome";
export const PACKET_TYPE = "peng3dnet.packet.type";
export const REQUEST_WAY = "peng3dnet.request.way";
export const BUS_STATE = "peng3dnet.bus.state";
export const BUS_KIND = "peng3dnet.bus.message.kind";
export const NODE_ID = "peng3dnet.node.id";
export const NODE_PEER_ID = "peng3dnet.node.peer.id";
export const IO_DIRECTION = "network.io.direction";
export const ERROR_TYPE = "error.type";
export const RPC_SYSTEM = "rpc.system.name";
export const RPC_METHOD = "rpc.method";
export const RPC_STATUS = "rpc.response.status_code";
export const PEER_ADDRESS = "network.peer.address";
export const PEER_PORT = "network.peer.port";
export const PROTOCOL_NAME = "network.protocol.name";

/** What {@link RPC_SYSTEM} and {@link PROTOCOL_NAME} are. */
export const PENG3DNET = "peng3dnet";
/** What types of packets are counted as that have no series of their own. */
export const OTHER = "other";
