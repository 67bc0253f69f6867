import { BusAwayError, BusFullError } from "../../bus/bus-errors.js";
import { type CaseDraft, check, checkThrows, numbered, refused } from "./scene.js";

/** What becomes of publications and subscriptions while the broker cannot be reached. */
export const awayCases: CaseDraft[] = [
  {
    name: "a bus says when it is disconnected and when it is connected again",
    run: async (scene) => {
      const one = await scene.open("one");
      const states = scene.watch(one);
      await scene.interrupt(one);
      check(
        states.at(-1)?.[0] === "disconnected",
        "a bus whose broker is gone did not say that it is disconnected",
      );
      await scene.restore(one);
      const names = states.map(([state]) => state).join(", ");
      check(names === "disconnected, connected", `a bus whose broker went and came said ${names}`);
    },
  },
  {
    name: "subscriptions outlive a disconnection, those made and ended meanwhile included",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const before = await scene.listen(two, scene.subject("outlives"));
      const ended = await scene.listen(two, scene.subject("ended"));
      await scene.interrupt(one, two);
      const meanwhile = scene.listen(two, scene.subject("meanwhile"));
      ended.end();
      await scene.restore(one, two);
      const made = await meanwhile;
      await two.flush(scene.patience);
      for (const subject of ["outlives", "ended", "meanwhile"])
        one.publish(scene.subject(subject), numbered(1));
      await before.until(1, "a message to a subscription from before a disconnection");
      await made.until(1, "a message to a subscription from while the bus was disconnected");
      await scene.fence(one, two);
      before.check([1], "messages after a disconnection");
      made.check([1], "messages after a disconnection");
      ended.check([], "messages to a subscription that ended while the bus was disconnected");
    },
  },
  {
    name: "what is published while the bus is disconnected is kept, and arrives once, in order, before what comes later",
    options: { offline: "keep" },
    run: async (scene) => {
      const one = await scene.open("one");
      const heard = await scene.listen(one, scene.subject("kept"));
      for (let round = 0; round < 3; round++) {
        await scene.interrupt(one);
        const bytes = Buffer.from(numbered(0));
        for (let number = 0; number < 10; number++) {
          bytes.set(numbered(number));
          one.publish(scene.subject("kept"), bytes);
        }
        bytes.fill(0);
        one.watch((state) => {
          // The first moment at which something can be published directly.
          if (state === "connected") one.publish(scene.subject("kept"), numbered(10 + round));
        });
        const expected = 10 + round + 1;
        await scene.restore(one);
        await heard.until(expected, "messages that were kept");
        await scene.fence(one, one);
        check(
          heard.numbers.slice(0, 10).every((number, index) => number === index),
          `messages that were kept arrived as ${heard.numbers.join(", ")}`,
        );
        check(
          heard.payloads.length === expected && heard.numbers.slice(10).every((number) => number >= 10),
          `messages that were kept, and those published upon "connected", arrived as ${heard.numbers.join(", ")}`,
        );
        heard.payloads.length = 0;
      }
    },
  },
  {
    name: "what would be over the limit of what is kept is refused, and the rest arrives",
    options: { offline: "keep", maxKept: 4096 },
    run: async (scene) => {
      const one = await scene.open("one");
      const subject = scene.subject("limit");
      const heard = await scene.listen(one, subject);
      await scene.interrupt(one);
      const taken: number[] = [];
      for (let number = 0; number < 200; number++) {
        if (!refused(() => one.publish(subject, numbered(number)))) taken.push(number);
      }
      check(
        taken.length > 0 && taken.length < 100,
        `of 200 messages, ${taken.length} were kept in 4096 bytes`,
      );
      checkThrows(
        () => one.publish(subject, new Uint8Array(4096)),
        BusFullError,
        "publishing over the limit",
      );
      await scene.restore(one);
      await heard.until(taken.length, "messages that were kept up to the limit");
      await one.flush(scene.patience);
      one.publish(subject, numbered(200));
      await scene.fence(one, one);
      heard.check([...taken, 200], "messages that were kept up to the limit");
    },
  },
  {
    name: "a bus that keeps nothing refuses what is published while it is disconnected",
    options: { offline: "refuse" },
    run: async (scene) => {
      const one = await scene.open("one");
      const heard = await scene.listen(one, scene.subject("refused"));
      await scene.interrupt(one);
      for (let number = 0; number < 3; number++) {
        const publish = () => one.publish(scene.subject("refused"), numbered(number));
        checkThrows(publish, BusAwayError, "publishing while the bus is disconnected");
      }
      await scene.restore(one);
      one.publish(scene.subject("refused"), numbered(3));
      await scene.fence(one, one);
      heard.check([3], "messages after those that were refused");
    },
  },
  {
    name: "a bus that is disconnected can be closed, and says what is lost with it",
    options: { offline: "keep" },
    run: async (scene) => {
      const one = await scene.open("one");
      await scene.interrupt(one);
      const states = scene.watch(one);
      one.publish(scene.subject("lost"), numbered(0));
      one.publish(scene.subject("lost"), numbered(1));
      const logged = scene.logged.length;
      await one.close();
      check(
        states.at(-1)?.[0] === "closed",
        "a bus that was closed while it was disconnected did not say so",
      );
      check(
        scene.logged.slice(logged).some((line) => line.includes("2 publications")),
        "a bus that closed with 2 publications kept did not log that they are lost",
      );
      await scene.restore();
    },
  },
];
