import { type CaseDraft, check, numbered } from "./scene.js";

const MANY = 500;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What arrives where, and in which order. */
export const deliveryCases: CaseDraft[] = [
  {
    name: "what a bus publishes arrives in order, also over several subjects",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(two, scene.subject("order.>"));
      for (const number of upTo(MANY)) one.publish(scene.subject(`order.${number % 3}`), numbered(number));
      await heard.until(MANY, "messages of one bus");
      await scene.fence(one, two);
      heard.check(upTo(MANY), "messages of one bus");
    },
  },
  {
    name: "two buses publish at the same time, each in its order",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(two, scene.subject("both"));
      for (const number of upTo(MANY)) {
        one.publish(scene.subject("both"), numbered(number));
        two.publish(scene.subject("both"), numbered(MANY + number));
      }
      await heard.until(2 * MANY, "messages of two buses");
      const { numbers } = heard;
      for (const own of [
        numbers.filter((n) => n < MANY),
        numbers.filter((n) => n >= MANY).map((n) => n - MANY),
      ]) {
        check(
          own.length === MANY && own.every((number, index) => number === index),
          "messages of one bus among those of another are not in order, or not all there",
        );
      }
    },
  },
  {
    name: "all who subscribed receive it once, the publisher and two subscriptions of one bus included",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const three = await scene.open("three");
      const subject = scene.subject("all");
      const all = [
        await scene.listen(one, subject),
        await scene.listen(two, subject),
        await scene.listen(two, subject),
        await scene.listen(three, subject),
      ];
      for (const number of upTo(3)) one.publish(subject, numbered(number));
      for (const heard of all) await heard.until(3, "messages to all who subscribed");
      for (const bus of [one, two, three]) await scene.fence(one, bus);
      for (const heard of all) heard.check(upTo(3), "messages to all who subscribed");
    },
  },
  {
    name: "nothing is received within the call that publishes it",
    run: async (scene) => {
      const one = await scene.open("one");
      const subject = scene.subject("later");
      let publishing = false;
      let within = 0;
      let left = 20;
      one.subscribe(subject, () => {
        if (publishing) within++;
        left--;
        publishing = true;
        if (left > 0) one.publish(subject, numbered(left));
        publishing = false;
        scene.changed();
      });
      publishing = true;
      one.publish(subject, numbered(left));
      publishing = false;
      await scene.until(
        () => left <= 0,
        () => "messages that are published upon messages do not arrive",
      );
      check(within === 0, "a message was received within the call that published it");
    },
  },
  {
    name: "a subscription holds for whatever comes upon what is published after it",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      await scene.listen(two, scene.subject("fence"));
      two.subscribe(scene.subject("ask.*"), (payload, subject) => {
        two.publish(subject.replace(".ask.", ".answer."), payload);
      });
      await two.flush(scene.patience);
      for (const number of upTo(50)) {
        let answered = false;
        const { unsubscribe } = one.subscribe(scene.subject(`answer.${number}`), () => {
          answered = true;
          scene.changed();
        });
        one.publish(scene.subject(`ask.${number}`), numbered(number));
        await scene.until(
          () => answered,
          () => "an answer was missed that came upon what was published after the subscription",
        );
        unsubscribe();
      }
    },
  },
  {
    name: "after its end, a subscription receives nothing, and others go on",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const subject = scene.subject("end");
      const stays = await scene.listen(two, subject);
      let received = 0;
      const ending = two.subscribe(subject, () => {
        received++;
        // What is under way now must not arrive either.
        ending.unsubscribe();
        ending.unsubscribe();
      });
      await two.flush(scene.patience);
      for (const number of upTo(10)) one.publish(subject, numbered(number));
      await stays.until(10, "messages to a subscription beside one that ended");
      check(received === 1, `a subscription that ended with its first message received ${received}`);
      stays.end();
      one.publish(subject, numbered(10));
      await scene.fence(one, two);
      stays.check(upTo(10), "messages to a subscription until it ended");
    },
  },
  {
    name: "payloads arrive as they are, from no byte to the longest",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const heard = await scene.listen(two, scene.subject("sizes"));
      const sizes = [0, 1, 1000, 65_536, Math.min(one.maxPayload, 1024 * 1024)];
      const sent = sizes.map((size) =>
        Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) & 0xff),
      );
      for (const payload of sent) one.publish(scene.subject("sizes"), payload);
      await heard.until(sizes.length, "payloads of all sizes");
      for (const [index, payload] of sent.entries()) {
        check(
          same(heard.payloads[index], payload),
          `a payload of ${payload.length} bytes did not arrive as it was published`,
        );
      }
    },
  },
  {
    name: "payloads belong to who has them: the publisher may change its own, and a receiver, too",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const subject = scene.subject("own");
      const first = await scene.listen(one, subject);
      two.subscribe(subject, (payload) => payload.fill(1));
      const second = await scene.listen(two, subject);
      const bytes = Buffer.from("as it was");
      one.publish(subject, bytes);
      bytes.fill(0);
      one.publish(subject, Buffer.alloc(9, 2));
      for (const heard of [first, second]) {
        await heard.until(2, "payloads");
        check(
          same(heard.payloads[0], new TextEncoder().encode("as it was")),
          "a payload was changed by who published it, by another receiver or by what came later",
        );
      }
    },
  },
  {
    name: "what a receiver throws is logged, and keeps nobody from anything",
    run: async (scene) => {
      const [one, two] = await scene.pair();
      const subject = scene.subject("throws");
      two.subscribe(subject, () => {
        throw new Error("a receiver's mistake");
      });
      two.subscribe(subject, async () => {
        throw new Error("another one's mistake");
      });
      const heard = await scene.listen(two, subject);
      one.publish(subject, numbered(0));
      one.publish(subject, numbered(1));
      await heard.until(2, "messages beside a receiver that throws");
      await scene.fence(one, two);
      for (const mistake of ["a receiver's mistake", "another one's mistake"]) {
        check(
          scene.logged.some((line) => line.includes(mistake)),
          "what a receiver threw was not logged",
        );
      }
    },
  },
];

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return (
    one !== undefined && one.length === other.length && one.every((byte, index) => byte === other[index])
  );
}
