// What a program for Node compiles: without the types of a browser.

import { Client, type WebSocketClass, type WebSocketLike, WebSocketTransport } from "@peng3dnet/browser";
import { WebSocket } from "ws";

const given: WebSocketClass = WebSocket;
new Client({ addr: "wss://game.example/play", WebSocket: given });
new Client({ addr: new WebSocket("wss://game.example/play", "peng3dnet.2") });
const socket: WebSocketLike = new WebSocket("wss://game.example/play");
new WebSocketTransport(socket);
