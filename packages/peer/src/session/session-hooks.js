export {};
//# sourceMappingURL=session-hooks.js.map
