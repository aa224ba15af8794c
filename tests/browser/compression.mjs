// permessage-deflate (RFC 7692) between Chromium and the server: agreed on, used, and by flag not.
//
// Every message is looked at twice: in the tabs, and in the bytes on the way to one of them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Server, until } from "./harness.mjs";
import { Relay } from "./wire.mjs";

const THRESHOLD = 256; // --deflate-threshold, by default
const SHORT = "ha".repeat(100); // also with what the chat puts in front; it could be compressed well
// Hex digits become half as long, and what is inside does not repeat: only the whole does.
const LONG = Array.from({ length: 50 }, (_, n) => createHash("sha256").update(`${n}`).digest("hex")).join(" naïve ");

const extensions = ({ headers }) =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === "sec-websocket-extensions")?.[1];

/** One tab says something short, and twice something long. What was agreed on, and what was on the wire? */
async function conversation(bench, flags) {
  await bench.server.stop();
  bench.server = await Server.start(0, ...flags);
  const relay = await Relay.before(bench);
  const context = await bench.window();
  const handshake = {};
  const tab = await bench.chatTab(context, async (page) => {
    const tools = await context.newCDPSession(page);
    tools.on("Network.webSocketWillSendHandshakeRequest", ({ request }) => (handshake.offer = extensions(request)));
    tools.on("Network.webSocketHandshakeResponseReceived", ({ response }) => {
      Object.assign(handshake, { status: response.status, answer: extensions(response) });
    });
    await tools.send("Network.enable");
  });
  await until("the handshake", () => handshake.status, 101);

  const said = [SHORT, LONG, LONG];
  const lines = said.flatMap((text) => [`You wrote: ${text}`, `Client #${tab.id} says: ${text}`]);
  for (const text of said) await tab.say(text);
  await tab.shows(...lines);
  const { fromTab, fromServer } = relay.messages();
  assert.deepEqual(fromTab.map(({ text }) => text), said);
  assert.deepEqual(fromServer.map(({ text }) => text), lines);
  for (const { text, isCompressed, wireBytes } of [...fromTab, ...fromServer]) {
    const plainBytes = Buffer.byteLength(text);
    if (!isCompressed) assert.equal(wireBytes, plainBytes);
    else if (plainBytes >= THRESHOLD) assert.ok(wireBytes < plainBytes, `${wireBytes} for ${plainBytes}`);
  }
  return { handshake, fromTab, fromServer };
}

const isCompressed = (messages) => messages.map((message) => message.isCompressed);

export default {
  async "Chromium and the server agree on compression, and long messages are compressed both ways"(bench) {
    const { handshake, fromTab, fromServer } = await conversation(bench, []);
    assert.match(handshake.offer ?? "none", /^permessage-deflate(;|$)/);
    assert.equal(handshake.answer, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    // The server leaves short messages alone. Chromium may do with them as it likes.
    assert.deepEqual(isCompressed(fromTab.slice(1)), [true, true]);
    assert.deepEqual(isCompressed(fromServer), [false, false, true, true, true, true]);
    // Each message stands for itself: said again, it is as long again.
    assert.equal(fromTab[2].wireBytes, fromTab[1].wireBytes);
    assert.equal(fromServer[4].wireBytes, fromServer[2].wireBytes);
  },

  async "with --deflate takeover what is said again is a few bytes, both ways"(bench) {
    const { handshake, fromTab, fromServer } = await conversation(bench, ["--deflate", "takeover"]);
    assert.match(handshake.answer ?? "none", /^permessage-deflate(;|$)/);
    assert.doesNotMatch(handshake.answer, /no_context_takeover/);
    assert.ok(fromTab[1].wireBytes > 1000 && fromServer[2].wireBytes > 1000, "the first time there is nothing to refer to");
    for (const { wireBytes } of [fromTab[2], ...fromServer.slice(3)]) assert.ok(wireBytes < 100, `${wireBytes} bytes`);
  },

  async "with --deflate off nothing is agreed on and nothing compressed"(bench) {
    const { handshake, fromTab, fromServer } = await conversation(bench, ["--deflate", "off"]);
    assert.match(handshake.offer ?? "none", /^permessage-deflate(;|$)/);
    assert.equal(handshake.answer, undefined);
    assert.deepEqual(isCompressed([...fromTab, ...fromServer]), Array(9).fill(false));
  },
};
