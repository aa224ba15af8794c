// What goes through: any JSON, any bytes, up to the limit, with an answer for who wants one.

import assert from "node:assert/strict";
import { eachWay, until } from "./harness.mjs";

const LIMIT = 1_000_000; // bytes of one packet: `maxPayload`

/** A text whose event fills a packet of that many bytes. */
const filling = (bytes) => "x".repeat(bytes - '42["chat message",""]'.length);

const VALUES = [
  "", "hi", 'quotes " and \\ and /', "line\nand\ttab\u0000\u001f", "<b>&amp;</b>", "0", "42[\"chat message\",1]",
  0, -1.5, 1e300, true, false, null, [], {}, [1, [2, [3, []]]],
  { user: "Ada", tags: ["a", null], nested: { deep: { deeper: 0 } } }, { "": "empty name", __proto: 1 },
];

const UNICODE = [
  "äöü ß é", "世界線語", "😀👩‍👩‍👧‍👦🏳️‍🌈", "עברית العربية", "e\u0301\u0323", "\u2028\u2029\ufeff", "\u001e between records \u001e",
  "𝔘𝔫𝔦𝔠𝔬𝔡𝔢".repeat(1000),
];

const bytes = (length, seed = 7) => Buffer.from(Array.from({ length }, (_, index) => (index * seed) % 256));

export default {
  ...eachWay("a message goes to everybody, its sender included", async (bench, transports) => {
    const clients = [await bench.settled(transports), await bench.settled(["polling"]), await bench.settled(["websocket"])];
    for (const [index, client] of clients.entries()) {
      client.say(`from ${index}`);
      for (const other of clients) await other.count(index + 1);
    }
    for (const client of clients) assert.deepEqual(client.messages, ["from 0", "from 1", "from 2"]);
  }),

  ...eachWay("every kind of JSON comes back as it was", async (bench, transports) => {
    const client = await bench.settled(transports);
    VALUES.forEach((value) => client.say(value));
    await client.sees(...VALUES);
  }),

  ...eachWay("all of Unicode comes back as it was", async (bench, transports) => {
    const client = await bench.settled(transports);
    UNICODE.forEach((text) => client.say(text));
    await client.sees(...UNICODE);
  }),

  ...eachWay("who asks for an acknowledgement gets one, for each message its own", async (bench, transports) => {
    const client = await bench.settled(transports);
    const other = await bench.settled(["websocket"]);
    const ask = (value) => client.socket.timeout(20_000).emitWithAck("chat message", value);
    assert.equal(await ask("one"), "ok");
    assert.deepEqual(await Promise.all([ask("two"), ask("three"), ask(bytes(3))]), ["ok", "ok", "ok"]);
    await client.sees("one", "two", "three", bytes(3));
    await other.sees("one", "two", "three", bytes(3));
  }),

  ...eachWay("bytes arrive as bytes, alone and inside of objects", async (bench, transports) => {
    const sent = [
      bytes(0), bytes(1), bytes(3), bytes(256), bytes(100_000, 31),
      { name: "picture.png", parts: [bytes(10), { data: bytes(20, 3) }], note: "ü" },
      Array.from({ length: 10 }, (_, index) => bytes(index, 11)),
    ];
    const clients = [await bench.settled(transports), await bench.settled(["polling"]), await bench.settled(["websocket"])];
    sent.forEach((value) => clients[0].say(value));
    for (const client of clients) await client.sees(...sent);
  }),

  ...eachWay("bytes and text keep their order", async (bench, transports) => {
    const client = await bench.settled(transports);
    const other = await bench.settled(["polling"]);
    const sent = Array.from({ length: 200 }, (_, index) => (index % 3 ? index : bytes(index)));
    sent.forEach((value) => client.say(value));
    await client.sees(...sent);
    await other.sees(...sent);
  }),

  ...eachWay("a typed array and an ArrayBuffer are bytes too", async (bench, transports) => {
    const client = await bench.settled(transports);
    client.say(new Uint8Array([1, 2, 3]));
    client.say(new Uint8Array([4, 5]).buffer);
    await client.sees(Buffer.from([1, 2, 3]), Buffer.from([4, 5]));
  }),

  ...eachWay("a packet of 1,000,000 bytes is not too long", async (bench, transports) => {
    const client = await bench.settled(transports);
    const others = [await bench.settled(["polling"]), await bench.settled(["websocket"])];
    client.say(filling(LIMIT));
    for (const one of [client, ...others]) {
      await one.count(1);
      // Not `sees`: nobody wants to read the difference.
      assert.ok(one.messages[0] === filling(LIMIT), "the message was changed");
      assert.deepEqual(one.reasons, []);
    }
  }),

  async "740,000 bytes fit into a POST, 1,000,000 into a frame"(bench) {
    const polling = await bench.settled(["polling"]);
    const websocket = await bench.settled(["websocket"]);
    polling.say(bytes(740_000));
    await until("the first", () => polling.messages.length + websocket.messages.length, 2);
    websocket.say(bytes(LIMIT, 13));
    for (const client of [polling, websocket]) {
      await client.count(2);
      assert.ok(client.messages[0].equals(bytes(740_000)), "the shorter one was changed");
      assert.ok(client.messages[1].equals(bytes(LIMIT, 13)), "the longer one was changed");
    }
  },

  ...eachWay("one byte more ends its sender's connection and nobody else's", async (bench, transports) => {
    const client = await bench.settled(transports);
    const other = await bench.settled(["websocket"]);
    client.say(filling(LIMIT + 1));
    // 413 is an error of the transport, 1009 a close; then it comes back by itself.
    const reason = transports.at(-1) === "polling" ? "transport error" : "transport close";
    await until("the disconnection", () => client.reasons, [reason]);
    await until("a new connection", () => client.ids.length, 2);
    client.say("shorter");
    await client.sees("shorter");
    await other.sees("shorter");
    assert.deepEqual(other.reasons, []);
  }),

  ...eachWay("an event that nobody knows is ignored", async (bench, transports) => {
    const client = await bench.settled(transports);
    client.socket.emit("no such event", { a: 1 }, bytes(5));
    client.socket.emit("");
    client.say("known");
    await client.sees("known");
    assert.deepEqual(client.reasons, []);
  }),
};
