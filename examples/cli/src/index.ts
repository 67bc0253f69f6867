/**
 * What the example programs share: the command line, the end of a program, and the terminal.
 *
 * @packageDocumentation
 */
export { ArgumentError, type Arguments, type Flags, type ProgramSpec, parseArguments } from "./arguments.js";
export { ProgramError, runProgram } from "./program.js";
export { type Style, Terminal, type TerminalOptions } from "./terminal.js";
export { displayWidth, printable } from "./text.js";
