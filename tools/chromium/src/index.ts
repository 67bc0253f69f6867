/**
 * Runs functions of this repository in a real Chromium: for tests, and for commands that measure or show something there.
 *
 * @packageDocumentation
 */
export { Chromium, type ChromiumOptions } from "./chromium.js";
export { ChromiumPage, type PageOptions, type Place, type Programs } from "./chromium-page.js";
export { findChromium, HOW_TO_GET_CHROMIUM } from "./find-chromium.js";
export type { ChromiumTab, Look } from "./tab.js";
