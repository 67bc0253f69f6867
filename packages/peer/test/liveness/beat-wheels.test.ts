import { ManualClock } from "@peng3dnet/peer/testing";
import { BeatWheels } from "../../src/liveness/beat-wheels.js";

const somebody = () => ({ seat: -1, visit: () => {} });

test("one interval after another, as servers may say it, leaves no wheel behind", () => {
  const wheels = new BeatWheels(new ManualClock());
  const stays = somebody();
  const wheel = wheels.of(5);
  wheel.add(stays);
  for (let count = 1; count <= 100; count++) {
    const passes = somebody();
    const other = wheels.of(5 + count / 1000);
    other.add(passes);
    expect(wheels.size).toBe(2);
    other.remove(passes);
  }
  expect(wheels.of(5)).toBe(wheel);
});
