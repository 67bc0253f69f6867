export const clientPrograms = {};
