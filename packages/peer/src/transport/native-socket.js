export {};
//# sourceMappingURL=native-socket.js.map
