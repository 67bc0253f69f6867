export {};
//# sourceMappingURL=connection-handle.js.map
