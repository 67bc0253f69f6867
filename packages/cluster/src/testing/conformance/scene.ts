import { type Logger, standardPlatform, type WaitOptions } from "@peng3dnet/peer";
import type { Bus, BusFactory, BusListener } from "../../bus/bus.js";
import { BusError } from "../../bus/bus-errors.js";

/** What a case needs of the bus that is tested. */
export interface BusUnderTest {
  /** Opens buses that all reach each other. */
  readonly factory: BusFactory;
  /** Breaks the connections of all buses to the broker, as when it is killed; new ones fail. */
  readonly interrupt?: (() => void | Promise<void>) | undefined;
  /** Lets them connect again. */
  readonly restore?: (() => void | Promise<void>) | undefined;
  /** Is called once all buses are closed. */
  readonly dispose?: (() => void | Promise<void>) | undefined;
}

/** @throws an error that says what the bus did wrong. */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** @throws unless a call throws an error of a kind. */
export function checkThrows(
  call: () => unknown,
  kind: abstract new (...args: never[]) => Error,
  what: string,
): void {
  try {
    call();
  } catch (error) {
    check(error instanceof kind, `${what} threw ${String(error)}, and should throw a ${kind.name}`);
    return;
  }
  throw new Error(`${what} did not throw a ${kind.name}`);
}

/** @throws unless a promise rejects with an error of a kind. */
export async function checkRejects(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => Error,
  what: string,
): Promise<void> {
  const [result] = await Promise.allSettled([promise]);
  const error: unknown = result.status === "rejected" ? result.reason : undefined;
  check(error instanceof kind, `${what} should reject with a ${kind.name}, and came to ${String(error)}`);
}

/** A number as a payload. */
export function numbered(value: number): Uint8Array {
  return new TextEncoder().encode(String(value));
}

/** What a subscription received. */
export class Heard {
  readonly payloads: Uint8Array[] = [];
  readonly subjects: string[] = [];
  readonly #scene: Scene;
  #unsubscribe: () => void = () => undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** The payloads as numbers. */
  get numbers(): number[] {
    return this.payloads.map((payload) => Number(new TextDecoder().decode(payload)));
  }

  begin(bus: Bus, subject: string): void {
    const { unsubscribe } = bus.subscribe(subject, (payload, from) => {
      this.payloads.push(payload);
      this.subjects.push(from);
      this.#scene.changed();
    });
    this.#unsubscribe = unsubscribe;
  }

  end(): void {
    this.#unsubscribe();
  }

  /** Waits until so many have been received. */
  async until(count: number, what: string): Promise<void> {
    await this.#scene.until(
      () => this.payloads.length >= count,
      () => `${what}: ${this.payloads.length} of ${count} arrived`,
    );
  }

  /** @throws unless these numbers have been received, in this order, and nothing else. */
  check(expected: readonly number[], what: string): void {
    const { numbers } = this;
    const wrong = numbers.findIndex((number, index) => number !== expected[index]);
    const shown = wrong < 0 ? `${numbers.length} came` : `at ${wrong}, ${numbers[wrong]} came`;
    check(
      wrong < 0 && numbers.length === expected.length,
      `${what}: ${expected.length} were to come, in order, and ${shown}`,
    );
  }
}

/** Buses of one case. */
export class Scene {
  readonly test: BusUnderTest;
  /** What the buses logged as warnings and errors. */
  readonly logged: string[] = [];
  readonly #prefix = `conformance.${Math.random().toString(36).slice(2)}`;
  readonly #seconds: number;
  readonly #buses: Bus[] = [];
  readonly #waiting = new Set<() => void>();
  #fences = 0;

  constructor(test: BusUnderTest, seconds: number) {
    this.test = test;
    this.#seconds = seconds;
  }

  /** How long a case waits for anything at most. */
  get patience(): WaitOptions {
    return { timeout: this.#seconds };
  }

  /** Opens a bus. */
  async open(name: string): Promise<Bus> {
    const line = (text: string): void => void this.logged.push(text);
    const ignore = (): void => undefined;
    const logger: Logger = { debug: ignore, info: ignore, warn: line, error: line };
    const bus = await this.test.factory.connect({ name, logger, clock: standardPlatform.clock });
    this.#buses.push(bus);
    return bus;
  }

  /** Opens two. */
  async pair(): Promise<[Bus, Bus]> {
    return [await this.open("one"), await this.open("two")];
  }

  /** A subject of this case's own. */
  subject(name: string): string {
    return `${this.#prefix}.${name}`;
  }

  /** Subscribes, and waits until that holds for what other buses publish, too. */
  async listen(bus: Bus, subject: string): Promise<Heard> {
    const heard = new Heard(this);
    heard.begin(bus, subject);
    await bus.flush(this.patience);
    return heard;
  }

  /** Waits until all that one bus has published has reached the other, if it ever does. */
  async fence(from: Bus, to: Bus): Promise<void> {
    this.#fences++;
    const heard = await this.listen(to, this.subject(`fence.${this.#fences}`));
    from.publish(this.subject(`fence.${this.#fences}`), numbered(0));
    await heard.until(1, "a message that follows others");
    heard.end();
  }

  /** Waits until something holds, which is looked at whenever something is received or a state changes. */
  until(holds: () => boolean, otherwise: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${otherwise()} within ${this.#seconds} s`));
      }, this.#seconds * 1000);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Something has happened that a wait may be for. */
  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** The states of a bus from now on. */
  watch(bus: Bus): Parameters<BusListener>[] {
    const states: Parameters<BusListener>[] = [];
    bus.watch((...change) => {
      states.push(change);
      this.changed();
    });
    return states;
  }

  /** Breaks the connections, and waits until these buses know. */
  async interrupt(...buses: Bus[]): Promise<void> {
    for (const bus of buses) this.watch(bus);
    await this.test.interrupt?.();
    await this.until(
      () => buses.every(({ connected }) => !connected),
      () => "a bus whose broker is gone is not disconnected",
    );
  }

  /** Lets these buses connect again, and waits until they have. */
  async restore(...buses: Bus[]): Promise<void> {
    for (const bus of buses) this.watch(bus);
    await this.test.restore?.();
    await this.until(
      () => buses.every(({ connected }) => connected),
      () => "a bus whose broker is there again is not connected",
    );
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close()));
    await this.test.dispose?.();
  }
}

/** One thing that a bus has to do. */
export interface CaseDraft {
  readonly name: string;
  /** What the buses are to be made with. */
  readonly options?: { readonly offline?: "keep" | "refuse"; readonly maxKept?: number };
  readonly run: (scene: Scene) => Promise<void>;
}

/** Whether a call of a bus was refused with an error of a bus. */
export function refused(call: () => void): boolean {
  try {
    call();
    return false;
  } catch (error) {
    check(error instanceof BusError, `what a bus threw is no BusError: ${String(error)}`);
    return true;
  }
}
