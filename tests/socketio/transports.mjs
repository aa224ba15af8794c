// How a client comes: polling and then WebSocket, or one of them alone, and that nothing is lost on the way.

import assert from "node:assert/strict";
import { eachWay, until } from "./harness.mjs";

const numbers = (count, from = 0) => Array.from({ length: count }, (_, index) => from + index);

export default {
  async "the default transports begin with polling and go on with WebSocket"(bench) {
    const client = await bench.connected();
    await until("the upgrade", () => client.transports, ["polling", "websocket"]);
    client.say("over WebSocket");
    await client.sees("over WebSocket");
    assert.deepEqual(client.reasons, []);
  },

  async "polling only stays with polling"(bench) {
    const client = await bench.connected({ transports: ["polling"] });
    client.say("over polling");
    await client.sees("over polling");
    assert.deepEqual(client.transports, ["polling"]);
  },

  async "WebSocket only needs no polling"(bench) {
    const client = await bench.connected({ transports: ["websocket"] });
    client.say("from the start");
    await client.sees("from the start");
    assert.deepEqual(client.transports, ["websocket"]);
  },

  async "WebSocket first, with polling behind it, is WebSocket from the start"(bench) {
    const client = await bench.connected({ transports: ["websocket", "polling"] });
    client.say("at once");
    await client.sees("at once");
    assert.deepEqual(client.transports, ["websocket"]);
  },

  async "who may upgrade but does not want to stays with polling"(bench) {
    const client = await bench.connected({ upgrade: false });
    client.say("no upgrade");
    await client.sees("no upgrade");
    assert.deepEqual(client.transports, ["polling"]);
  },

  // A quarter at each step: when the namespace is joined, when the probe was answered, right after `5`, and later.
  async "a burst of 1,000 during the sender's upgrade arrives in order, once each"(bench) {
    const receiver = await bench.settled(["websocket"]);
    const sender = bench.client();
    const { socket } = sender;
    let sent = 0;
    const quarter = () => {
      numbers(250, sent).forEach((number) => sender.say(number));
      sent += 250;
    };
    socket.on("connect", quarter);
    socket.io.engine.on("upgrading", quarter);
    socket.io.engine.on("upgrade", () => {
      quarter();
      setImmediate(quarter);
    });
    await sender.count(1000);
    await receiver.count(1000);
    assert.deepEqual(sender.messages, numbers(1000));
    assert.deepEqual(receiver.messages, numbers(1000));
    assert.deepEqual(sender.transports, ["polling", "websocket"]);
  },

  // Each of them sees the last part of the burst: from some number on, all of them.
  async "ten that come and upgrade during a burst miss nothing of it"(bench) {
    const sender = await bench.settled(["websocket"]);
    const receivers = numbers(10).map(() => bench.client());
    let sent = 0;
    const enough = () => sent >= 1000 && receivers.every((one) => one.transports.length === 2);
    while (!enough()) {
      // A few at a time, so that what is sent spreads over all that the receivers do.
      numbers(10, sent).forEach((number) => sender.say(number));
      sent += 10;
      await until("what was sent", () => sender.messages.length, sent);
    }
    for (const receiver of receivers) {
      await until("the last one", () => receiver.messages.at(-1), sent - 1);
      const from = receiver.messages[0];
      assert.deepEqual(receiver.messages, numbers(sent - from, from));
    }
  },

  ...eachWay("a burst of 1,000 at once arrives in order, once each", async (bench, transports) => {
    const clients = [await bench.settled(transports), await bench.settled(["polling"]), await bench.settled(["websocket"])];
    numbers(1000).forEach((number) => clients[0].say(number));
    for (const client of clients) {
      await client.count(1000);
      assert.deepEqual(client.messages, numbers(1000));
    }
  }),

  async "a hundred clients on all transports see the same hundred messages in the same order"(bench) {
    const ways = [undefined, ["polling"], ["websocket"]];
    const clients = numbers(100).map((number) => {
      const transports = ways[number % 3];
      return bench.client(transports ? { transports } : {});
    });
    for (const client of clients) await client.isConnected();
    clients.forEach((client, number) => client.say(`from ${number}`));
    for (const client of clients) {
      await client.count(100);
      assert.deepEqual(client.messages, clients[0].messages);
    }
    assert.equal(new Set(clients[0].messages).size, 100);
    assert.equal(new Set(clients.map(({ socket }) => socket.id)).size, 100);
  },

  // One comes every 25 s, and who did not answer the first is gone when the second is due.
  async "two heartbeats are seen, and the first was answered, on both transports"(bench) {
    const clients = [await bench.settled(["polling"]), await bench.settled(["websocket"])];
    const beats = clients.map(() => 0);
    clients.forEach(({ socket }, index) => socket.io.engine.on("ping", () => (beats[index] += 1)));
    for (const beat of [1, 2]) await until("a heartbeat", () => beats.every((seen) => seen >= beat), true, 40_000);
    clients[0].say("still here");
    for (const client of clients) {
      await client.sees("still here");
      assert.deepEqual(client.reasons, []);
      assert.equal(client.ids.length, 1);
    }
  },
};
