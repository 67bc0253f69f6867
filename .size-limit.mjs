// What a package costs its users, checked by `npm run check:sizes`, minified and gzipped: in a browser with all that it
// imports, else its own code alone. A limit that is outgrown for a good reason is raised in the same change.

const WITH_ALL = { protocol: "45.5 kB", peer: "101.5 kB" };
/** A client that echoes, as a page has it: what is imported is what it uses. */
const ECHO_CLIENT = "{ Client, definePacket, payload }";
const ALONE = {
  protocol: "40 kB",
  peer: "58.8 kB",
  core: "12.9 kB",
  browser: "11.7 kB",
  websocket: "14.5 kB",
  telemetry: "5.3 kB",
  cluster: "22.5 kB",
  ping: "4.8 kB",
  "peng3d-events": "3.7 kB",
};

const size = (name, limit, more) => ({
  ...more,
  path: `packages/${name}/dist/index.js`,
  gzip: true,
  limit,
});

export default [
  ...Object.entries(WITH_ALL).map(([name, limit]) =>
    size(name, limit, { name: `${name} in a browser, with all that it imports`, import: "*" }),
  ),
  ...Object.entries(ALONE).map(([name, limit]) =>
    size(name, limit, {
      name: `${name} alone`,
      import: "*",
      ignore: ["@peng3dnet/*", "@msgpack/*", "node:*", "ws", "@opentelemetry/*", "@nats-io/*"],
    }),
  ),
  size("browser", "79.6 kB", { name: "an echo client in a browser", import: ECHO_CLIENT }),
];
