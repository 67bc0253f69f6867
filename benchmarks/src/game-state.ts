/** The state of a game, as a server sends it to its players. */
import type { Message } from "./peer.js";

interface PlayerState {
  id: number;
  name: string;
  team: string;
  hp: number;
  pos: number[];
  vel: number[];
  alive: boolean;
}

export interface GameState extends Message {
  map: string;
  time: number;
  players: PlayerState[];
}

export function gameState(players: number): GameState {
  return {
    i: 0,
    map: "canyon of the northern rivers",
    time: 1234.5678,
    players: Array.from({ length: players }, (_, index) => ({
      id: 1000 + index,
      name: `player-${index}`,
      team: index % 2 === 0 ? "red" : "blue",
      hp: 100 - (index % 90),
      pos: [index * 1.25 + 0.1, index * -2.5 + 0.2, 64.125],
      vel: [Math.sin(index + 1), Math.cos(index + 1), -9.81],
      alive: index % 5 !== 4,
    })),
  };
}
