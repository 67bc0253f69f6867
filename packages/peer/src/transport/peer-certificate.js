export {};
//# sourceMappingURL=peer-certificate.js.map
