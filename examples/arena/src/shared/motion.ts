// How a player moves. The server and the page run this same code: the page shows at once what the server will say later.

/** Steps of the game in a second. */
export const HZ = 20;
/** Length of a room's sides. */
export const WORLD = 2000;
/** Radius of a player. */
export const RADIUS = 20;

const SPEED = 270;
const DASH_SPEED = 900;
/** Share of the way from the present velocity to the wanted one that a step makes. */
const GRIP = 0.35;
const FRICTION = 0.85;
/** Steps that a dash takes, and after which there may be the next one. */
export const DASH_STEPS = 4;
export const DASH_EVERY = 24;
/** Steps that somebody who was hit cannot steer. */
export const STUN_STEPS = 10;

/** Round pillars that nobody gets through. */
export const PILLARS = [
  { x: 500, y: 500, radius: 70 },
  { x: 1500, y: 500, radius: 90 },
  { x: 500, y: 1500, radius: 90 },
  { x: 1500, y: 1500, radius: 70 },
  { x: 1000, y: 330, radius: 50 },
  { x: 1000, y: 1670, radius: 50 },
  { x: 330, y: 1000, radius: 50 },
  { x: 1670, y: 1000, radius: 50 },
] as const;

/** All that the next step of a player depends on. */
export interface Body {
  x: number;
  y: number;
  vx: number;
  vy: number;
  /** Steps that the dash goes on, until the next one, and until it can steer again. */
  dash: number;
  rest: number;
  stun: number;
}

/** Where a player wants to go, each from -1 to 1, and whether it dashes. */
export interface Steering {
  readonly dx: number;
  readonly dy: number;
  readonly dash: boolean;
}

/** Makes one step. It depends on nothing but these two: no clock, no chance. */
export function move(body: Body, { dx, dy, dash }: Steering): void {
  // Diagonally, nobody is faster.
  const length = Math.max(1, Math.hypot(dx, dy));
  const [wantX, wantY] = [dx / length, dy / length];
  if (body.rest > 0) body.rest--;
  if (body.stun > 0) {
    body.stun--;
    body.vx *= FRICTION;
    body.vy *= FRICTION;
  } else if (body.dash > 0) {
    body.dash--;
  } else {
    body.vx += (wantX * SPEED - body.vx) * GRIP;
    body.vy += (wantY * SPEED - body.vy) * GRIP;
    if (dash && body.rest === 0) startDash(body, wantX, wantY);
  }
  body.x += body.vx / HZ;
  body.y += body.vy / HZ;
  for (const pillar of PILLARS) pushOut(body, pillar);
  keepInside(body);
}

/** Dashes where the player steers to, or else where it moves. */
function startDash(body: Body, wantX: number, wantY: number): void {
  const [x, y] = wantX === 0 && wantY === 0 ? [body.vx, body.vy] : [wantX, wantY];
  const length = Math.hypot(x, y);
  if (length < 0.01) return;
  body.vx = (x / length) * DASH_SPEED;
  body.vy = (y / length) * DASH_SPEED;
  body.dash = DASH_STEPS;
  body.rest = DASH_EVERY;
}

function pushOut(body: Body, { x, y, radius }: (typeof PILLARS)[number]): void {
  const [dx, dy, near] = [body.x - x, body.y - y, radius + RADIUS];
  const distance = Math.hypot(dx, dy);
  if (distance >= near || distance === 0) return;
  body.x = x + (dx / distance) * near;
  body.y = y + (dy / distance) * near;
}

function keepInside(body: Body): void {
  const x = Math.min(WORLD - RADIUS, Math.max(RADIUS, body.x));
  const y = Math.min(WORLD - RADIUS, Math.max(RADIUS, body.y));
  if (x !== body.x) body.vx = 0;
  if (y !== body.y) body.vy = 0;
  body.x = x;
  body.y = y;
}

export interface Saw {
  readonly x: number;
  readonly y: number;
}

export const SAW_RADIUS = 34;
/** Middle, radius of the way round, seconds for a round, and where it begins, in rounds. */
const SAWS = [
  { x: 1000, y: 1000, around: 260, seconds: 7, from: 0 },
  { x: 1000, y: 1000, around: 260, seconds: 7, from: 0.5 },
  { x: 500, y: 500, around: 190, seconds: -6, from: 0 },
  { x: 1500, y: 500, around: 220, seconds: 6, from: 0.25 },
  { x: 500, y: 1500, around: 220, seconds: 6, from: 0.5 },
  { x: 1500, y: 1500, around: 190, seconds: -6, from: 0.75 },
] as const;

/** Where the saws are. They follow from the server's time: nothing of them has to be sent. */
export function sawsAt(seconds: number): Saw[] {
  return SAWS.map(({ x, y, around, seconds: round, from }) => {
    const angle = (seconds / round + from) * 2 * Math.PI;
    return { x: x + Math.cos(angle) * around, y: y + Math.sin(angle) * around };
  });
}
