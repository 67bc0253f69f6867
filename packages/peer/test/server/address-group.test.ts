// Whom limits per address count as one.

import fc from "fast-check";
import { addressGroup } from "../../src/server/address-group.js";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["::ffff:C000:0201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
  ["0000:0000:0000:0000:0000:ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:0:0", "0.0.0.0"],
  ["::ffff:192.0.2.1%eth0", "192.0.2.1"],
  ["::ffff:192.3.2.1", "192.3.2.1"],
  ["192.0.2.1%eth0", "192.0.2.1"],
  // Not mapped: another place, or another number.
  ["::fffe:c000:201", "0:0:0:0::/64"],
  ["::ffff:0:192.0.2.1", "0:0:0:0::/64"],
  ["::192.0.2.1", "0:0:0:0::/64"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8::", "2001:db8:0:0::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:DB8:0:0:FFFF:ffff:1:2", "2001:db8:0:0::/64"],
  ["2001:0db8:0000:0001::", "2001:db8:0:1::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
  ["::2:3:4:5:6:7:8", "0:2:3:4::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["fe80::2%3", "fe80:0:0:0::/64"],
  ["", ""],
  ["memory", "memory"],
  ["1.2.3", "1.2.3"],
  ["1::2::3", "1::2::3"],
  // Too few numbers, too many, and an IPv4 address that does not end them.
  ["1:2:3", "1:2:3"],
  ["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"],
  ["1:2:3:4::5:6:7:8", "1:2:3:4::5:6:7:8"],
  ["192.0.2.1:1:2:3:4:5:6", "192.0.2.1:1:2:3:4:5:6"],
  ["192.0.2.1::", "192.0.2.1::"],
  ["1::wrong", "1::wrong"],
  ["1:2:3:4:5:6:wrong", "1:2:3:4:5:6:wrong"],
])("%s counts as %s", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

test("an IPv6 address counts by its first 64 bits, however it is written", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      // What the URL standard makes of it is written in one way only.
      const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
      expect(addressGroup(shortest)).toBe(addressGroup(address));
      expect(addressGroup(address.toUpperCase())).toBe(addressGroup(address));
      expect(addressGroup(`${address}%1`)).toBe(addressGroup(address));
    }),
  );
});

test("the first 64 bits alone tell networks apart", () => {
  const part = fc.nat(0xffff);
  const half = fc.tuple(part, part, part, part).filter(([first]) => first > 0);
  const text = (...parts: number[][]): string =>
    parts
      .flat()
      .map((number) => number.toString(16))
      .join(":");
  fc.assert(
    fc.property(half, half, half, half, (network, other, host, another) => {
      expect(addressGroup(text(network, host))).toBe(addressGroup(text(network, another)));
      fc.pre(text(network) !== text(other));
      expect(addressGroup(text(network, host))).not.toBe(addressGroup(text(other, host)));
    }),
  );
});
