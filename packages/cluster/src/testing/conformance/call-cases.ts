import { TimedOutError } from "@peng3dnet/peer";
import { BusClosedError, BusPayloadError } from "../../bus/bus-errors.js";
import { type CaseDraft, check, checkRejects, checkThrows, numbered } from "./scene.js";

/** Limits, flush and close. */
export const callCases: CaseDraft[] = [
  {
    name: "a payload that is too long is refused before it is sent, and the bus goes on",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(two, scene.subject("long"));
      check(one.maxPayload >= 1024, `a bus takes payloads of ${one.maxPayload} bytes only`);
      const tooLong = new Uint8Array(one.maxPayload + 1);
      checkThrows(
        () => one.publish(scene.subject("long"), tooLong),
        BusPayloadError,
        "a payload that is too long",
      );
      one.publish(scene.subject("long"), numbered(1));
      await heard.until(1, "a message after one that was refused");
      await scene.fence(one, two);
      heard.check([1], "messages beside one that was refused");
      check(one.connected, "a payload that was refused ended the connection");
    },
  },
  {
    name: "a bus that was opened is connected, and its flush resolves",
    run: async (scene) => {
      const one = await scene.open("one");
      check(one.connected, "a bus that was opened is not connected");
      one.publish(scene.subject("flush"), numbered(0));
      await Promise.all([one.flush(scene.patience), one.flush(scene.patience)]);
    },
  },
  {
    name: "what was published before a close arrives",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(two, scene.subject("last"));
      for (let number = 0; number < 100; number++) one.publish(scene.subject("last"), numbered(number));
      // More than fits into the buffers of a system.
      const much = new Uint8Array(Math.min(one.maxPayload, 256 * 1024));
      for (let number = 0; number < 50; number++) one.publish(scene.subject("last"), much);
      await one.close();
      await heard.until(150, "messages before a close");
    },
  },
  {
    name: "a closed bus receives nothing, and refuses calls",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(one, scene.subject("closed"));
      const states = scene.watch(one);
      const stopped = scene.watch(one);
      one.watch(() => stopped.push(["closed", { unconfirmed: 0 }]))();
      two.publish(scene.subject("closed"), numbered(0));
      const closing = Promise.all([one.close(), one.close()]);
      const received = heard.payloads.length;
      await closing;
      await one.close();
      two.publish(scene.subject("closed"), numbered(1));
      await scene.fence(two, two);
      check(heard.payloads.length === received, "a bus received something once its close was called");
      check(!one.connected, "a closed bus is connected");
      check(
        JSON.stringify(states) === JSON.stringify([["closed", { unconfirmed: 0 }]]),
        `a listener for the state of a bus that closes was told ${JSON.stringify(states)}`,
      );
      check(stopped.length === 1, "a listener was told of a change although it had been taken away");
      checkThrows(() => one.publish("a", numbered(0)), BusClosedError, "publishing on a closed bus");
      checkThrows(() => one.subscribe("a", () => undefined), BusClosedError, "subscribing on a closed bus");
      await checkRejects(one.flush(scene.patience), BusClosedError, "the flush of a closed bus");
    },
  },
  {
    name: "what a listener for the state throws is logged, and keeps nobody from anything",
    run: async (scene) => {
      const one = await scene.open("one");
      one.watch(() => {
        throw new Error("a listener's mistake");
      });
      const states = scene.watch(one);
      await one.close();
      check(states.length === 1, "a listener was not told, since another one threw");
      check(
        scene.logged.some((line) => line.includes("a listener's mistake")),
        "what a listener threw was not logged",
      );
    },
  },
];

/** Calls of a bus that is disconnected. */
export const awayCallCases: CaseDraft[] = [
  {
    name: "a flush waits for the broker as long as it was told, and resolves once it is back",
    run: async (scene) => {
      const one = await scene.open("one");
      await scene.interrupt(one);
      await checkRejects(one.flush({ timeout: 0.05 }), TimedOutError, "a flush without a broker");
      const flushed = one.flush(scene.patience);
      await scene.restore(one);
      await flushed;
    },
  },
  {
    name: "a flush that waits for the broker ends with the bus",
    run: async (scene) => {
      const one = await scene.open("one");
      await scene.interrupt(one);
      const flushed = checkRejects(one.flush(scene.patience), BusClosedError, "a flush of a bus that closes");
      await one.close();
      await flushed;
      await scene.restore();
    },
  },
];
