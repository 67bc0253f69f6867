// What timers of JavaScript runtimes can do.

/** Longest delay that they can hold, in milliseconds: 24.8 days. */
export const LONGEST_DELAY = 0x7fff_ffff;
/** How much too early they may fire, in milliseconds. */
export const EARLY = 1;
