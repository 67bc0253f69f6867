/** `npm run bench:observing`: what being observable costs: without an observer, and for each scrape. */
import { parseArgs } from "node:util";
import { measureCost } from "./cost.js";
import { measureScrapes } from "./scrape.js";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    pairs: { type: "string", default: "8" },
    rounds: { type: "string", default: "30" },
    connections: { type: "string", default: "10000" },
    scrapes: { type: "string", default: "100" },
  },
});
const { only } = values;
if (only !== undefined && only !== "cost" && only !== "scrape")
  throw new RangeError(`--only is cost or scrape, and not ${only}`);
if (only !== "scrape") await measureCost({ pairs: Number(values.pairs), rounds: Number(values.rounds) });
if (only !== "cost") await measureScrapes(Number(values.connections), Number(values.scrapes));
