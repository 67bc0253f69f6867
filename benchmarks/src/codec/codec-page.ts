/** The half of `npm run bench:codec` that runs in Chromium. */

import { ReceiveResources } from "@peng3dnet/protocol";
import { serve } from "@peng3dnet-internal/chromium/page";
import { type CodecOptions, measureCodecs } from "./codec-work.js";

const programs = {
  measureCodecs: (options: CodecOptions) => measureCodecs(new ReceiveResources(), options),
};

/** What can be called. */
export type CodecPage = typeof programs;

serve(programs);
