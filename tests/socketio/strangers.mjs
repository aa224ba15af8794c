// What a stranger sends reaches everybody as the bytes that came. So the server must not let through what the library
// refuses to read: one packet would disconnect all.

import assert from "node:assert/strict";
import { until } from "./harness.mjs";

const PACKETS = 400;
const WHOLE = [
  ['42["chat message",{"a":[1,"\\ud800",{"b":null}],"a":-0.5e3}]'],
  ['42["chat message","\u2028 \\u0000 \\"]}"]'],
  ['420["chat message",[[1e999,123456789012345678901234567890]]]'],
  ['451-["chat message",{"_placeholder":true,"num":0}]', "bAQID"],
  ['452-7["chat message",[{"_placeholder":true,"num":1},{"x":{"_placeholder":true,"num":0}}]]', "bAQID", "b"],
];
const PIECES = ["[", "]", "{", "}", '"', "\\", ",", ":", "-", "0", "1", ".", "e", "u", " ", "\u0000", "é", "true", '"num":9,'];

/** Numbers below `below` that are the same in each run. */
function numbers(state) {
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One of the packets, of which a character or two were lost, put in or exchanged. */
function damaged(below) {
  const [text, ...attachments] = WHOLE[below(WHOLE.length)];
  const characters = [...text];
  for (let changes = below(3); changes > 0; changes -= 1) {
    // Not the name of the event: nobody would be told of it.
    const at = 18 + below(characters.length - 18);
    const piece = PIECES[below(PIECES.length)];
    characters.splice(at, below(2), ...(below(3) ? [piece] : []));
  }
  return [characters.join(""), ...attachments];
}

/** A session of its own says one packet, by POST. */
async function say(server, packets) {
  const url = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const open = await (await fetch(url)).text();
  const session = `${url}&sid=${JSON.parse(open.slice(1)).sid}`;
  const post = (body) => fetch(session, { method: "POST", headers: { "Content-Type": "text/plain" }, body });
  await post("40");
  await (await fetch(session)).text();
  await post(packets.join("\u001e"));
  await post("1");
}

export default {
  async "no packet of a stranger disconnects those who read it"(bench) {
    const readers = [await bench.settled(["websocket"]), await bench.settled(["polling"])];
    const below = numbers(5);
    for (let said = 0; said < PACKETS; said += 20) {
      await Promise.all(Array.from({ length: 20 }, () => say(bench.server, damaged(below))));
    }
    readers[0].say("the end");
    for (const reader of readers) {
      await until("the end", () => reader.messages.at(-1) === "the end" || reader.reasons.length > 0);
      assert.deepEqual(reader.reasons, []);
      assert.ok(reader.messages.length > PACKETS / 4, `only ${reader.messages.length} were let through`);
    }
  },
};
