import { EnvironmentError } from "@peng3dnet/peer";

/** Another node spoke under the id of this one, which has left the cluster. */
export class NodeConflictError extends EnvironmentError {
  override name = "NodeConflictError";
  readonly code: string = "P3D_ERR_NODE_CONFLICT";
}
