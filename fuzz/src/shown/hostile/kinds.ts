import type { Kind } from "./kind.js";
import { ANNOUNCED } from "./kinds/announced.js";
import { BEATS } from "./kinds/beats.js";
import { BROKEN } from "./kinds/broken.js";
import { CLOSING } from "./kinds/closing.js";
import { CONNECTIONS } from "./kinds/connections.js";
import { CROWDS } from "./kinds/crowds.js";
import { DOOR_FRAMES } from "./kinds/door-frames.js";
import { DOOR_REQUESTS } from "./kinds/door-requests.js";
import { FLOODS } from "./kinds/floods.js";
import { INFLATED_KINDS } from "./kinds/inflated.js";
import { MAPS } from "./kinds/maps.js";
import { PACED } from "./kinds/paced.js";
import { PINGS } from "./kinds/pings.js";
import { READERS } from "./kinds/readers.js";
import { REQUEST_KINDS } from "./kinds/requests.js";
import { RESUMPTION } from "./kinds/resumption.js";
import { SERVERS } from "./kinds/servers.js";
import { SUMS } from "./kinds/sums.js";
import { TLS_KINDS } from "./kinds/tls.js";

/** What the machine and the measuring cost by themselves. */
const NOTHING: Kind = {
  name: "nothing",
  title: "nothing",
  connections: 0,
  mute: true,
  prepare: () => async () => {},
};

export const KINDS: readonly Kind[] = [
  NOTHING,
  ...ANNOUNCED,
  ...MAPS,
  ...INFLATED_KINDS,
  ...PACED,
  ...FLOODS,
  ...BEATS,
  ...CLOSING,
  ...CONNECTIONS,
  ...READERS,
  ...TLS_KINDS,
  ...PINGS,
  ...DOOR_REQUESTS,
  ...DOOR_FRAMES,
  ...RESUMPTION,
  ...SERVERS,
  ...REQUEST_KINDS,
  ...SUMS,
  ...CROWDS,
];

/** @throws if there is none of that name. */
export function kindOf(name: string): Kind {
  const kind = [...KINDS, ...BROKEN].find((each) => each.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
