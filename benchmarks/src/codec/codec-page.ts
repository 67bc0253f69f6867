/** The half of `npm run bench:codec` that runs in Chromium. */

import { browserPlatform, SIDE_CLIENT } from "@peng3dnet/browser";
import { serve } from "@peng3dnet-internal/chromium/page";
import { type CodecOptions, measureCodecs } from "./codec-work.js";

const programs = {
  measureCodecs: (options: CodecOptions) =>
    measureCodecs(browserPlatform.receiveResources(SIDE_CLIENT), options),
};

/** What can be called. */
export type CodecPage = typeof programs;

serve(programs);
