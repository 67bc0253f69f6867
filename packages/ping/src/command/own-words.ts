/** What the libraries say of options, and what the command calls them. The longer ones come first. */
const WORDS: readonly (readonly [said: RegExp, own: string])[] = [
  [/set net\.ssl\.enabled there, too, or connect to a port without TLS/g, "leave --tls out, or give it TLS"],
  [/set this option or "net\.ssl\.client\.cert"/g, "add --cert"],
  [/set this option or "net\.ssl\.client\.key"/g, "add --key"],
  // The command has no options for what follows, and a ping needs none.
  [/; raise net\.limits\.[^;]* if such packets are expected/g, ""],
  [/; hand in an ExtensionCodec as the option "extensions" to accept it/g, ""],
  [
    /; for a WebSocket, take the Client of .* as the option connector/g,
    "; a WebSocket begins with wss: or ws:",
  ],
  [/(?:config option )?"?net\.ssl\.cafile\b"?/g, "--ca"],
  [/(?:config option )?"?net\.ssl\.client\.certfile\b"?/g, "--cert"],
  [/(?:config option )?"?net\.ssl\.client\.keyfile\b"?/g, "--key"],
  [/(?:config option )?"?net\.ssl\.server_hostname\b"?/g, "--servername"],
  [/(?:config option )?"?net\.ssl\.enabled\b"?/g, "--tls"],
  [/(?:config option )?"?net\.timeout\.handshake\b"?/g, "--timeout"],
];

/** A message with the options of the command where it names those of the config. */
export function inOwnWords(message: string): string {
  return WORDS.reduce((text, [said, own]) => text.replace(said, own), message);
}
