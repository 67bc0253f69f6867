import {
  type AnyPacketDefinition,
  CLUSTER_HOST,
  type ClientOnServer,
  checkKnownOptions,
  InvalidStateError,
  type Server,
} from "@peng3dnet/peer";
import { ClusterNode } from "./cluster-node.js";
import { NodeCore } from "./node-core.js";
import { CLUSTER_OPTIONS, type ClusterOptions, readOptions } from "./options.js";
import { newNodeId, Subjects } from "./wire/names.js";

/**
 * Makes a server one of several that look like one: groups reach clients of all of them, and each client has an id by which any
 * node can send to it, ask it, and close its connection.
 *
 * Where the server stops, it leaves by itself.
 *
 * @returns once the bus is connected, and the others can hear of this node.
 * @throws {@link ConfigError} for an option that is not allowed; TypeError for what is no server; {@link InvalidStateError} if the server is stopped, or has joined already and not left;
 * {@link NodeConflictError} if another node has its id; {@link BusConnectError} and what else the bus throws.
 *
 * @example
 * ```ts no-run
 * import { joinCluster, memoryBus } from "@peng3dnet/cluster";
 * const node = await joinCluster(server, { bus: memoryBus() });
 * node.group("kitchen").broadcast("chat:heard", "tea?");
 * ```
 */
export async function joinCluster<C extends ClientOnServer, D extends AnyPacketDefinition>(
  server: Server<C, D>,
  options: ClusterOptions,
): Promise<ClusterNode<C, D>> {
  checkKnownOptions("joinCluster", options, CLUSTER_OPTIONS);
  const settings = readOptions(options);
  checkCanJoin(server);
  const host = server[CLUSTER_HOST];
  const { clock, logger } = host;
  const { name } = settings;
  const beforeOutput = (call: () => void): void => host.beforeOutput(call);
  const bus = await options.bus.connect({ name, logger, clock, echo: false, beforeOutput });
  let core: NodeCore | undefined;
  try {
    checkCanJoin(server);
    core = new NodeCore({
      id: newNodeId(name),
      server: server as unknown as Server<ClientOnServer>,
      bus,
      subjects: new Subjects(settings.prefix),
      settings,
    });
    core.start();
    await bus.flush();
    if (core.conflicting !== undefined) throw core.conflicting;
    return new ClusterNode<C, D>(core);
  } catch (error) {
    if (core === undefined) await bus.close();
    else await core.leave();
    // Nobody could listen to the event yet.
    throw core?.conflicting ?? error;
  }
}

function checkCanJoin(server: Pick<Server, "stopped" | typeof CLUSTER_HOST>): void {
  const { [CLUSTER_HOST]: host } = Object(server) as Partial<typeof server>;
  if (host === undefined) throw new TypeError("joinCluster takes a Server, and then its options");
  const { stopped } = server;
  if (host.joined)
    throw new InvalidStateError(
      "the server is a node of a cluster already; await leave() of that node before it joins again",
    );
  if (stopped) throw new InvalidStateError("the server is stopped; join the cluster before that");
}
