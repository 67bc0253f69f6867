// Groups against a plain model of them, for any order of calls, with clients that come and go.

import type { ClientOnServer } from "@peng3dnet/peer";
import fc from "fast-check";
import { enterCrowd, type Guest, makeCrowd, News } from "./support/crowd.js";

const NAMES = ["red", "green", "blue"];
const FIRST = 4;

const name = fc.constantFrom(...NAMES);
const who = fc.nat(7);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), name, who, byId: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), name, who, byId: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("send" as const), name, except: fc.option(name), who }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("list" as const), to: fc.array(who), except: who }) },
  // Whoever comes by the walk takes itself out, or lets another one in or out.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("walk" as const), name, who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("come" as const) }) },
);

test("any calls: members, sizes, events and receivers are those of the model", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const crowd = await makeCrowd(FIRST);
      const { net, server } = crowd;
      const guests = [...crowd.guests];
      const closed = new Set<Guest>();
      const model = new Map<string, Set<Guest>>(NAMES.map((group) => [group, new Set<Guest>()]));
      const sent = new Map<Guest, unknown[]>();
      const told: string[] = [];
      const expected: string[] = [];
      server.on("groupenter", ({ cid }, group) => void told.push(`${cid} enters ${group.name}`));
      server.on("groupleave", ({ cid }, group) => void told.push(`${cid} leaves ${group.name}`));
      const members = (group: string) => model.get(group) as Set<Guest>;
      const at = (index: number) => guests[index % guests.length] as Guest;
      const enter = (group: string, guest: Guest): boolean => {
        if (closed.has(guest) || members(group).has(guest)) return false;
        members(group).add(guest);
        expected.push(`${guest.remote.cid} enters ${group}`);
        return true;
      };
      const leave = (group: string, guest: Guest): boolean => {
        if (!members(group).delete(guest)) return false;
        expected.push(`${guest.remote.cid} leaves ${group}`);
        return true;
      };
      const gone = (guest: Guest): void => {
        for (const group of NAMES) leave(group, guest);
        closed.add(guest);
      };
      const receive = (receivers: Iterable<Guest>, without: ReadonlySet<Guest>, message: unknown): number => {
        const all = [...new Set(receivers)].filter((guest) => !without.has(guest) && !closed.has(guest));
        for (const guest of all) sent.set(guest, [...(sent.get(guest) ?? []), message]);
        return all.length;
      };
      let message = 0;

      for (const one of steps) {
        message++;
        if (one.kind === "add" || one.kind === "delete") {
          const guest = at(one.who);
          const client = one.byId ? guest.remote.cid : guest.remote;
          const change = one.kind === "add" ? enter : leave;
          expect(server.group(one.name)[one.kind](client)).toBe(change(one.name, guest));
        } else if (one.kind === "send") {
          const { except } = one;
          const without = new Set(except === null ? [at(one.who)] : members(except));
          const options = { except: except === null ? at(one.who).remote : server.group(except) };
          const count = receive(members(one.name), without, message);
          expect(server.group(one.name).broadcast(News, message, options)).toBe(count);
        } else if (one.kind === "list") {
          const list = one.to.map(at);
          const to = list.map(({ remote }, index) => (index % 2 === 0 ? remote : remote.cid));
          const except = at(one.except);
          const count = receive(list, new Set([except]), message);
          expect(server.broadcast(News, message, { to, except: [except.remote] })).toBe(count);
        } else if (one.kind === "walk") {
          const group = server.group(one.name);
          const left = [...group].map((client) => guests.find(({ remote }) => remote === client) as Guest);
          expect(left).toHaveLength(members(one.name).size);
          const other = at(one.who);
          const visited: ClientOnServer[] = [];
          for (const client of group) {
            visited.push(client);
            const guest = guests.find(({ remote }) => remote === client) as Guest;
            group.delete(client);
            leave(one.name, guest);
            group.add(client);
            enter(one.name, guest);
            group.delete(other.remote);
            leave(one.name, other);
          }
          const turn = left.indexOf(other);
          expect(visited).toEqual(
            left
              .filter((guest, index) => guest !== other || (turn === 0 && index === 0))
              .map(({ remote }) => remote),
          );
        } else if (one.kind === "come") guests.push(await enterCrowd(net, server));
        else if (!closed.has(at(one.who))) {
          const guest = at(one.who);
          if (one.kind === "close") await guest.client.close();
          else guest.link.cut();
          await net.settle();
          gone(guest);
        }
        for (const group of NAMES) {
          const now = [...members(group)].map(({ remote }) => remote);
          expect(new Set(server.group(group))).toEqual(new Set(now));
          expect(server.group(group).size).toBe(now.length);
          for (const { remote } of guests) {
            expect(server.group(group).has(remote)).toBe(now.includes(remote));
            expect(remote.groups.has(group)).toBe(now.includes(remote));
          }
        }
        expect([...server.groups.keys()].sort()).toEqual(
          NAMES.filter((group) => members(group).size > 0).sort(),
        );
        // One that is closed leaves its groups in any order.
        expect(told.splice(0).sort()).toEqual(expected.splice(0).sort());
      }
      await net.settle();
      for (const guest of guests) if (!closed.has(guest)) expect(guest.news).toEqual(sent.get(guest) ?? []);
      server.stop();
      await server.join();
      expect([server.groups.size, ...guests.map(({ remote }) => remote.groups.size)]).toEqual([
        0,
        ...guests.map(() => 0),
      ]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
