/** One test that runs in Chromium. Its name is known without running it, so that it is a test in Node's list. */
export interface Case {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}
