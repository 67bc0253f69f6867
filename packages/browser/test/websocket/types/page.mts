// What a program for a page compiles: without the types of Node.

import { Client, type WebSocketClass, webSocketConnector } from "@peng3dnet/browser";

const given: WebSocketClass = WebSocket;
new Client({ addr: "wss://game.example/play", WebSocket: given });
new Client({ addr: new URL("wss://game.example/play"), WebSocket });
new Client({ addr: new WebSocket("wss://game.example/play", "peng3dnet.2") });
webSocketConnector(new WebSocket("wss://game.example/play"), { bridge: true });
