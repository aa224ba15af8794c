// The bytes between the tabs and the server, as a relay sees them that passes them on unchanged.
//
// Chromium's own tools show messages as the page has them: whether they were compressed on the way
// can only be seen from here. DEFLATE is zlib's, which is in Node.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { constants, inflateRawSync } from "node:zlib";

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]); // what a sender cuts off (RFC 7692, section 7.2.1)
const CONTINUATION = 0x0;
const CLOSE = 0x8; // the first of the control frames

export class Relay {
  /** Puts a relay between the server of this bench and the tabs that are opened from now on. */
  static async before(bench) {
    const relay = new Relay();
    const listener = createServer((tab) => relay.pass(tab, connect(bench.server.port, "127.0.0.1")));
    listener.unref();
    await once(listener.listen(0, "127.0.0.1"), "listening");
    bench.server.url = `http://127.0.0.1:${listener.address().port}`;
    return relay;
  }

  connections = [];

  pass(tab, server) {
    const seen = { fromTab: [], fromServer: [] };
    this.connections.push(seen);
    for (const [from, to, kept] of [[tab, server, seen.fromTab], [server, tab, seen.fromServer]]) {
      from.on("data", (bytes) => kept.push(bytes));
      from.on("error", () => to.destroy());
      from.on("close", () => to.end());
      from.pipe(to);
    }
  }

  /** What went over the only WebSocket so far: the messages of both sides. */
  messages() {
    const sides = this.connections
      .map(({ fromTab, fromServer }) => [Buffer.concat(fromTab), Buffer.concat(fromServer)])
      .filter(([, fromServer]) => fromServer.toString("latin1").startsWith("HTTP/1.1 101 "));
    assert.equal(sides.length, 1, "one WebSocket");
    const [fromTab, fromServer] = sides[0].map((bytes) => messages(frames(bytes.subarray(bytes.indexOf("\r\n\r\n") + 4))));
    return { fromTab, fromServer };
  }
}

/** The frames in these bytes, without what is not complete at the end. */
function frames(bytes) {
  const found = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first, second] = bytes.subarray(at);
    const isMasked = second >> 7 === 1;
    const lengthBytes = { 126: 2, 127: 8 }[second & 0x7f] ?? 0;
    const keyAt = at + 2 + lengthBytes;
    const from = keyAt + (isMasked ? 4 : 0);
    if (from > bytes.length) break;
    const size = lengthBytes > 0 ? parseInt(bytes.toString("hex", at + 2, keyAt), 16) : second & 0x7f;
    if (from + size > bytes.length) break;
    const payload = Buffer.from(bytes.subarray(from, from + size));
    if (isMasked) payload.forEach((byte, n) => (payload[n] = byte ^ bytes[keyAt + (n & 3)]));
    found.push({ fin: (first & 0x80) !== 0, rsv1: (first & 0x40) !== 0, opcode: first & 0xf, payload });
    at = from + size;
  }
  return found;
}

/** The messages in these frames of one side: text, whether it was compressed, bytes on the wire. */
function messages(side) {
  const found = [];
  let inflated = 0; // bytes that came out of the compressed messages before
  let compressed = Buffer.alloc(0); // these messages: a later one may refer back to them
  let [isCompressed, parts] = [false, []];
  for (const { fin, rsv1, opcode, payload } of side) {
    if (opcode >= CLOSE) continue;
    if (opcode !== CONTINUATION) [isCompressed, parts] = [rsv1, []];
    parts.push(payload);
    if (!fin) continue;
    let plain = Buffer.concat(parts);
    const wireBytes = plain.length;
    if (isCompressed) {
      compressed = Buffer.concat([compressed, plain, TAIL]);
      const all = inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
      plain = all.subarray(inflated);
      inflated = all.length;
    }
    found.push({ text: plain.toString(), isCompressed, wireBytes });
  }
  return found;
}
