// Writes captures: what two peers said to each other, as TCP segments in a pcap file.

import { writeFileSync } from "node:fs";

/** No dissector of Wireshark's own has this port. */
export const SERVER = 54_321;
const CLIENT = 50_000;
const SYN = 0x02;
const PSH_ACK = 0x18;
const ACK = 0x10;

/**
 * @param path - the file.
 * @param connections - for each, its chunks in order: `{ toServer, bytes }`.
 * @param slice - longest segment in bytes.
 */
export function writePcap(path, connections, slice = 1400) {
  const records = [];
  let time = 0;
  connections.forEach((chunks, index) => {
    const sequence = [1000, 5000]; // of the client, of the server
    const segment = (toServer, flags, payload) => {
      const packet = Buffer.alloc(40 + payload.length);
      packet[0] = 0x45; // IPv4, 20 bytes of header
      packet.writeUInt16BE(packet.length, 2);
      packet[8] = 64; // time to live
      packet[9] = 6; // TCP
      packet.set([127, 0, 0, 1, 127, 0, 0, 1], 12);
      packet.writeUInt16BE(toServer ? CLIENT + index : SERVER, 20);
      packet.writeUInt16BE(toServer ? SERVER : CLIENT + index, 22);
      packet.writeUInt32BE(sequence[toServer ? 0 : 1], 24);
      packet.writeUInt32BE(flags === SYN ? 0 : sequence[toServer ? 1 : 0], 28);
      packet[32] = 0x50; // 20 bytes of header
      packet[33] = flags;
      packet.writeUInt16BE(65_535, 34);
      packet.set(payload, 40);
      sequence[toServer ? 0 : 1] += flags & SYN ? 1 : payload.length;
      const head = Buffer.alloc(16);
      head.writeUInt32LE(Math.floor(time / 1e6), 0);
      head.writeUInt32LE(time % 1e6, 4);
      head.writeUInt32LE(packet.length, 8);
      head.writeUInt32LE(packet.length, 12);
      records.push(head, packet);
      time += 1000;
    };
    const nothing = Buffer.alloc(0);
    segment(true, SYN, nothing);
    segment(false, SYN | ACK, nothing);
    segment(true, ACK, nothing);
    for (const { toServer, bytes } of chunks) {
      for (let at = 0; at < bytes.length; at += slice) {
        segment(toServer, PSH_ACK, bytes.subarray(at, at + slice));
      }
    }
  });
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(101, 20); // raw IP
  writeFileSync(path, Buffer.concat([head, ...records]));
}
